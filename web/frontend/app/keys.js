// Keys for those who type all day. None acts while an input method is composing (Enter then only takes a candidate),
// and <body data-shortcuts="off"> switches the single-letter ones off (WCAG 2.1.4).
//   Ctrl+Enter   sends the form in which the cursor stands, by its [data-primary] button, else its first one
//   /            goes to the search field, [data-search]
//   ?            opens <dialog data-shortcut-help>

export function startKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return sendForm(event);
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (modified || isTyping(event.target) || document.body.dataset.shortcuts === 'off') return undefined;
    if (event.key === '/') return goToSearch(event);
    if (event.key === '?') return openHelp(event);
    return undefined;
  });
}

function isTyping(target) {
  return target.isContentEditable || target.matches?.('input, textarea, select') || target.closest?.('dialog[open]');
}

function sendForm(event) {
  const form = event.target.form || event.target.closest?.('form');
  if (!form || event.repeat) return;
  event.preventDefault();
  const button = form.querySelector('[data-primary]:not(:disabled)') || form.querySelector('button:not([type=button]):not([type=reset]):not(:disabled)');
  form.requestSubmit(button || undefined);
}

function goToSearch(event) {
  const field = document.querySelector('[data-search]');
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function openHelp(event) {
  const dialog = document.querySelector('dialog[data-shortcut-help]');
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
}
