// Keeps what somebody types.
//   <form data-draft-url="/tasks/…/draft">   what was typed goes there by POST two seconds after the last key
//     <p data-draft-status role="status"></p>   says when it was saved, or that it was not
//   <form data-dirty-guard>                  leaving the page with unsent changes asks first
// A form with both asks only while the last changes are not saved yet.
import { texts } from './texts.js';

const QUIET_MS = 2000;
const RETRY_MS = 15000;

export function startDrafts(root) {
  for (const form of root.querySelectorAll('form[data-draft-url], form[data-dirty-guard]')) {
    if (form.dataset.keeping) continue;
    form.dataset.keeping = 'on';
    keep(form);
  }
}

function keep(form) {
  const state = { dirty: false, sending: false, left: false, timer: undefined };
  const changed = () => {
    state.dirty = true;
    if (form.dataset.draftUrl) saveLater(form, state, QUIET_MS);
  };
  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  form.addEventListener('submit', () => {
    state.left = true;
    clearTimeout(state.timer);
  });
  window.addEventListener('pageshow', () => { state.left = false; });
  window.addEventListener('beforeunload', (event) => {
    if (state.dirty && !state.left && form.isConnected) event.preventDefault();
  });
}

function saveLater(form, state, delay) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form, state), delay);
}

async function save(form, state) {
  if (state.left || !form.isConnected) return;
  if (state.sending) return saveLater(form, state, QUIET_MS);
  state.sending = true;
  state.dirty = false;
  try {
    const answer = await fetch(form.dataset.draftUrl, {
      method: 'POST', body: typedText(form), credentials: 'same-origin', redirect: 'manual',
      headers: { Accept: 'application/json' },
    });
    report(form, state, answer);
  } catch {
    postpone(form, state, texts().draftFailed);
  } finally {
    state.sending = false;
  }
}

/** All fields but files, which a draft does not keep. */
function typedText(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  return new URLSearchParams(data);
}

function report(form, state, answer) {
  if (answer.ok) return say(form, texts().draftSaved(clock()));
  // A redirect leads to the sign-in page: the session has ended.
  const signedOut = answer.type === 'opaqueredirect' || answer.status === 401;
  if (signedOut) return postpone(form, state, texts().draftSignIn);
  if (answer.status >= 500) return postpone(form, state, texts().draftFailed);
  state.dirty = true;
  return say(form, texts().draftRefused);
}

function postpone(form, state, message) {
  state.dirty = true;
  say(form, message);
  saveLater(form, state, RETRY_MS);
}

function say(form, message) {
  const place = form.querySelector('[data-draft-status]');
  if (place) place.textContent = message;
}

function clock() {
  return new Date().toLocaleTimeString('ja-JP', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Tokyo' });
}
