// Small safeties around sending a form.
import { texts } from './texts.js';

/** A second press while the first is under way sends nothing. The server refuses a double as well. */
export function preventSecondSubmit() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post' || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = 'yes';
    form.setAttribute('aria-busy', 'true');
    // Downloads and refused navigations leave the page standing: then sending again must be possible.
    setTimeout(() => release(form), 8000);
    return undefined;
  });
  window.addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach(release));
  document.addEventListener('htmx:finally:request', (event) => {
    const form = event.target.closest?.('form[data-sent]');
    if (form) release(form);
  });
}

function release(form) {
  delete form.dataset.sent;
  form.removeAttribute('aria-busy');
}

/**
 * Without a connection nothing is sent: the page stays with all that was typed, says so, and says when it can be sent.
 * A browser that believes itself offline may still reach a server on the same machine: so that is tried first.
 */
export function keepWhileOffline() {
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (navigator.onLine !== false || form.method === 'dialog' || form.dataset.reached) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    sendIfReached(form, event.submitter);
  }, true);
  window.addEventListener('online', () => {
    for (const note of document.querySelectorAll('[data-offline]')) note.textContent = texts().online;
  });
}

async function sendIfReached(form, submitter) {
  try {
    await fetch(document.querySelector('link[rel=icon]')?.href || location.href, { method: 'HEAD', cache: 'no-store' });
  } catch {
    noteOf(form).textContent = texts().offline;
    return;
  }
  form.dataset.reached = 'yes';
  form.requestSubmit(submitter);
  delete form.dataset.reached;
}

function noteOf(form) {
  const there = form.querySelector('[data-offline]');
  if (there) return there;
  const note = document.createElement('p');
  note.className = 'errors';
  note.dataset.offline = '';
  note.setAttribute('role', 'alert');
  (form.querySelector('.submit-bar') || form).append(note);
  return note;
}

/** After a refused form the reader starts at the summary of what is wrong. */
export function focusErrorSummary() {
  const summary = document.querySelector('[data-error-summary]');
  if (!summary) return;
  summary.tabIndex = -1;
  summary.focus();
}
