// Small tools to build the editor's own parts of the page.
let count = 0;

/** An element with attributes (a function: a listener) and children (texts or nodes). */
export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** A label over its control; `key` finds the control again after the panel was drawn anew. */
export function field(label, control, key) {
  count += 1;
  control.id = `editor-field-${count}`;
  control.dataset.field = key;
  return node('div', { class: 'ed-field' }, node('label', { for: control.id }, label), control);
}

export function line(label, key, value, commit, attributes = {}) {
  const control = node('input', { type: 'text', value: value || '', autocomplete: 'off', ...attributes });
  control.addEventListener('change', () => commit(control.value.trim(), control));
  return field(label, control, key);
}

export function lines(label, key, value, commit, rows = 3, attributes = {}) {
  const control = node('textarea', { rows, ...attributes });
  control.value = value || '';
  control.addEventListener('change', () => commit(control.value, control));
  return field(label, control, key);
}

/** A list to choose from: options are [value, text]; a value that is not among them is kept and shown. */
export function choice(label, key, value, options, commit) {
  const known = options.some(([option]) => option === value);
  const all = known || !value ? options : [...options, [value, value]];
  const control = node('select', {}, ...all.map(([option, text]) => node('option', { value: option, selected: option === value }, text)));
  control.value = value || '';
  control.addEventListener('change', () => commit(control.value));
  return field(label, control, key);
}

export function check(label, key, value, commit) {
  const control = node('input', { type: 'checkbox', checked: Boolean(value) });
  control.dataset.field = key;
  control.addEventListener('change', () => commit(control.checked));
  return node('label', { class: 'ed-check' }, control, node('span', {}, label));
}

/** Several of a list, folded behind a line that says which. */
export function several(label, key, values, options, commit) {
  const chosen = new Set(values);
  const words = new Map(options);
  const all = [...options, ...values.filter((value) => !words.has(value)).map((value) => [value, value])];
  const boxes = all.map(([value, text]) => check(text, `${key}.${value}`, chosen.has(value), (on) => {
    if (on) chosen.add(value); else chosen.delete(value);
    commit([...chosen]);
  }));
  const told = values.map((value) => words.get(value) || value).join('、') || '－';
  const summary = node('summary', {}, node('span', { class: 'ed-label' }, label), node('span', { class: 'ed-told' }, told));
  const part = node('details', { class: 'ed-several' }, summary, node('fieldset', {}, node('legend', { class: 'vh' }, label), ...boxes));
  part.dataset.fold = key;
  return part;
}

/** A length of time in two controls: "5 business_days". */
export function period(label, key, value, units, commit) {
  const [, amount = '', unit = units[0][0]] = /^\s*(\d+)\s+(\w+?)s?\s*$/.exec(value || '') || [];
  const number = node('input', { type: 'number', min: 1, max: 99999, value: amount, 'aria-label': `${label}：${units.words.amount}` });
  const list = node('select', { 'aria-label': `${label}：${units.words.unit}` }, ...units.map(([code, text]) => node('option', { value: code, selected: code === unit || code === `${unit}s` }, text)));
  const changed = () => commit(number.value ? `${Number(number.value)} ${list.value}` : '');
  number.dataset.field = `${key}.amount`;
  list.dataset.field = `${key}.unit`;
  number.addEventListener('change', changed);
  list.addEventListener('change', () => { if (number.value) changed(); });
  return node('fieldset', { class: 'ed-period' }, node('legend', {}, label), number, list);
}
