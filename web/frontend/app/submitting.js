// Two small safeties around sending a form.

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

/** After a refused form the reader starts at the summary of what is wrong. */
export function focusErrorSummary() {
  const summary = document.querySelector('[data-error-summary]');
  if (!summary) return;
  summary.tabIndex = -1;
  summary.focus();
}
