// Keys for those who type all day. None acts while an input method is composing (Enter then only takes a candidate),
// and <body data-shortcuts="off"> switches the single-letter ones off (WCAG 2.1.4).
//   Ctrl+Enter   sends the form in which the cursor stands, by its [data-primary] button, else its first one
//   /            goes to the search field, [data-search]
//   ?            opens <dialog data-shortcut-help>
//   j k ↓ ↑      goes to the link of the next or previous li.row
//   x c h a      presses what has that data-key in the row with the focus
//   g i, g c     goes to the addresses data-go-i, data-go-c of that dialog
// Letters are read from event.code, so that they act also while kana are typed.

let goesSince = 0; // when g was pressed

export function startKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented) return undefined;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && event.keyCode !== 229) return sendForm(event);
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (modified || isTyping(event.target) || document.body.dataset.shortcuts === 'off') return undefined;
    if (event.key === '/') return goToSearch(event);
    if (event.key === '?') return openHelp(event);
    return event.shiftKey ? undefined : letter(event);
  });
}

function letter(event) {
  const goes = event.timeStamp - goesSince < 1500 && goesSince > 0;
  goesSince = event.code === 'KeyG' ? event.timeStamp : 0;
  if (goes) return goTo(event, event.code);
  const steps = { KeyJ: 1, ArrowDown: 1, KeyK: -1, ArrowUp: -1 };
  if (event.code in steps) return moveTo(event, steps[event.code]);
  const key = { KeyX: 'x', KeyC: 'c', KeyH: 'h', KeyA: 'a' }[event.code];
  return key && press(event, key);
}

function goTo(event, code) {
  const places = document.querySelector('dialog[data-shortcut-help]')?.dataset;
  const address = { KeyI: places?.goI, KeyC: places?.goC }[code];
  if (!address) return;
  event.preventDefault();
  window.location.assign(address);
}

function moveTo(event, step) {
  const rows = [...document.querySelectorAll('li.row')];
  if (!rows.length) return;
  const arrow = event.code.startsWith('Arrow');
  const here = rows.indexOf(document.activeElement?.closest('li.row'));
  if (arrow && here < 0) return; // arrows scroll the page until a row is chosen
  const next = rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step];
  event.preventDefault();
  next?.querySelector('.row-link')?.focus();
}

function press(event, key) {
  const target = document.activeElement?.closest('li.row')?.querySelector(`[data-key="${key}"]`);
  if (!target) return;
  event.preventDefault();
  target.click();
}

function isTyping(target) {
  return target.isContentEditable || target.matches?.('input:not([type=checkbox]), textarea, select') || target.closest?.('dialog[open]');
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
