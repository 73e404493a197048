// Show, hide, enable and disable by the same JSON Forms rule that the server applies when the form is sent:
//   <div data-rule='{"effect": "SHOW", "condition": {"scope": "#/properties/consent", "schema": {"const": true}}}'>
// Without this script every field is visible and the server ignores those that the rule hides.
// The scope is a field at the top of the form; a part of it, in a group or a row, has its own name after a hyphen.

export function startRules(root) {
  const forms = new Set([...root.querySelectorAll('[data-rule]')].map((node) => node.closest('form')).filter(Boolean));
  for (const form of forms) {
    apply(form);
    if (form.dataset.ruled) continue;
    form.dataset.ruled = 'on';
    form.addEventListener('input', () => apply(form));
    form.addEventListener('change', () => apply(form));
    form.addEventListener('reset', () => setTimeout(() => apply(form)));
  }
}

/** Outer rules come first in document order, so a rule inside a hidden part sees its fields disabled, hence empty. */
function apply(form) {
  for (const node of form.querySelectorAll('[data-rule]')) {
    const { effect, condition } = JSON.parse(node.dataset.rule);
    const holds = conditionHolds(condition, form);
    if (effect === 'SHOW' || effect === 'HIDE') setShown(node, holds === (effect === 'SHOW'));
    else setEnabled(node, holds === (effect === 'ENABLE'));
  }
}

function setShown(node, shown) {
  node.hidden = !shown;
  setEnabled(node, shown);
}

/** A control that several rules switch off comes back when none of them does. */
function setEnabled(node, enabled) {
  node.toggleAttribute('data-rule-off', !enabled);
  const controls = node.matches('input, select, textarea, button') ? [node] : node.querySelectorAll('input, select, textarea, button');
  for (const control of controls) control.disabled = control.closest('[data-rule-off]') !== null;
}

function conditionHolds({ scope, schema }, form) {
  const name = scope.replace(/^#(\/properties\/)?/, '');
  return matches(schema, name === '' ? wholeForm(form) : valueOf(form, name));
}

/** What the field holds, as the server would read it: null while it is empty, a list for a group of boxes. */
function valueOf(form, name) {
  const controls = [...form.elements].filter((one) => one.name === name && !one.disabled && one.type !== 'hidden');
  if (controls.length === 0) return null;
  const [first] = controls;
  if (first.type === 'radio') return controls.find((control) => control.checked)?.value || null;
  if (first.type === 'checkbox' && controls.length === 1 && !first.hasAttribute('data-list')) return first.checked;
  if (first.type === 'checkbox') return controls.filter((control) => control.checked).map((control) => control.value);
  if (first.multiple) return [...first.selectedOptions].map((option) => option.value);
  if (first.value === '') return null;
  return first.type === 'number' || first.inputMode === 'numeric' ? Number(first.value) : first.value;
}

/** Every field that holds something, by name; parts of groups and rows are left out. */
function wholeForm(form) {
  const names = new Set([...form.elements].map((control) => control.name).filter((name) => name && !name.includes('-')));
  return Object.fromEntries([...names].map((name) => [name, valueOf(form, name)]).filter(([, value]) => value !== null));
}

/** The language of conditions, the same as in engine/forms/conditions.py; a test compares the two. */
export const KEYWORDS = {
  $comment: () => true,
  const: (wanted, value) => same(wanted, value),
  enum: (wanted, value) => wanted.some((one) => same(one, value)),
  not: (schema, value) => !matches(schema, value),
  allOf: (schemas, value) => schemas.every((schema) => matches(schema, value)),
  anyOf: (schemas, value) => schemas.some((schema) => matches(schema, value)),
  contains: (schema, value) => !Array.isArray(value) || value.some((item) => matches(schema, item)),
  items: (schema, value) => !Array.isArray(value) || value.every((item) => matches(schema, item)),
  minItems: (least, value) => !Array.isArray(value) || value.length >= least,
  maxItems: (most, value) => !Array.isArray(value) || value.length <= most,
  minLength: (least, value) => typeof value !== 'string' || [...value].length >= least,
  minimum: (least, value) => typeof value !== 'number' || value >= least,
  maximum: (most, value) => typeof value !== 'number' || value <= most,
  properties: (schemas, value) => !isObject(value)
    || Object.entries(schemas).every(([name, schema]) => !Object.hasOwn(value, name) || matches(schema, value[name])),
  required: (names, value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  minProperties: (least, value) => !isObject(value) || Object.keys(value).length >= least,
  type: (type, value) => isOfType(type, value),
};

/** Whether a value satisfies a condition. An unknown keyword throws: a rule must never be half understood. */
export function matches(schema, value) {
  if (typeof schema === 'boolean') return schema;
  return Object.entries(schema).every(([keyword, argument]) => {
    if (!Object.hasOwn(KEYWORDS, keyword)) throw new Error(`rules do not know the keyword ${keyword}`);
    return KEYWORDS[keyword](argument, value);
  });
}

/** Radio buttons and lists deliver text, so `true` in a rule meets "true" in the page. */
function same(wanted, value) {
  if (wanted === null || value === null) return wanted === value;
  if (typeof wanted === 'object' || typeof value === 'object') return JSON.stringify(wanted) === JSON.stringify(value);
  return String(wanted) === String(value);
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType(type, value) {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
