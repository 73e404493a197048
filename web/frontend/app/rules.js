// Show, hide, enable and disable by the same JSON Forms rule that the server applies when the form is sent:
//   <div data-rule='{"effect": "SHOW", "condition": {"scope": "#/properties/consent", "schema": {"const": true}}}'>
// Without this script every field is visible and the server ignores those that the rule hides.
// `data-rule-prefix="members[0]"` on an element around makes scopes relative to that row.

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
    const holds = conditionHolds(condition, form, prefixOf(node));
    if (effect === 'SHOW' || effect === 'HIDE') setShown(node, holds === (effect === 'SHOW'));
    else setEnabled(node, holds === (effect === 'ENABLE'));
  }
}

function prefixOf(node) {
  const row = node.parentElement?.closest('[data-rule-prefix]');
  return row ? `${row.dataset.rulePrefix}.` : '';
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

function conditionHolds(condition, form, prefix) {
  if (condition.type === 'AND') return condition.conditions.every((part) => conditionHolds(part, form, prefix));
  if (condition.type === 'OR') return condition.conditions.some((part) => conditionHolds(part, form, prefix));
  const value = valueOf(form, prefix + fieldName(condition.scope));
  if (value === undefined && condition.failWhenUndefined) return false;
  return matches(condition.schema, value);
}

/** `#/properties/need/properties/kind` is the field `need.kind`. */
function fieldName(scope) {
  return scope.replace(/^#\/properties\//, '').replaceAll('/properties/', '.');
}

/** What the field holds, as the server would read it: undefined while it is empty, a list for a group of boxes. */
function valueOf(form, name) {
  const controls = [...form.elements].filter((control) => control.name === name && !control.disabled && control.type !== 'hidden');
  if (controls.length === 0) return undefined;
  const [first] = controls;
  if (first.type === 'radio') return controls.find((control) => control.checked)?.value;
  if (first.type === 'checkbox' && controls.length === 1 && !first.hasAttribute('data-list')) return first.checked;
  if (first.type === 'checkbox') return some(controls.filter((control) => control.checked).map((control) => control.value));
  if (first.multiple) return some([...first.selectedOptions].map((option) => option.value));
  if (first.value === '') return undefined;
  return first.type === 'number' || first.inputMode === 'numeric' ? Number(first.value) : first.value;
}

function some(list) {
  return list.length ? list : undefined;
}

const KEYWORDS = {
  const: (wanted, value) => same(wanted, value),
  enum: (wanted, value) => wanted.some((one) => same(one, value)),
  not: (schema, value) => !matches(schema, value),
  allOf: (schemas, value) => schemas.every((schema) => matches(schema, value)),
  anyOf: (schemas, value) => schemas.some((schema) => matches(schema, value)),
  oneOf: (schemas, value) => schemas.filter((schema) => matches(schema, value)).length === 1,
  contains: (schema, value) => !Array.isArray(value) || value.some((item) => matches(schema, item)),
  minItems: (least, value) => !Array.isArray(value) || value.length >= least,
  maxItems: (most, value) => !Array.isArray(value) || value.length <= most,
  minLength: (least, value) => typeof value !== 'string' || [...value].length >= least,
  maxLength: (most, value) => typeof value !== 'string' || [...value].length <= most,
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minimum: (least, value) => typeof value !== 'number' || value >= least,
  maximum: (most, value) => typeof value !== 'number' || value <= most,
  exclusiveMinimum: (least, value) => typeof value !== 'number' || value > least,
  exclusiveMaximum: (most, value) => typeof value !== 'number' || value < most,
  type: (type, value) => [type].flat().some((one) => isOfType(one, value)),
};

/** JSON Schema as far as rules need it. An unknown keyword throws: a rule must never be half understood. */
function matches(schema, value) {
  if (typeof schema === 'boolean') return schema;
  return Object.entries(schema).every(([keyword, argument]) => {
    if (!(keyword in KEYWORDS)) throw new Error(`rules do not know the keyword ${keyword}`);
    return KEYWORDS[keyword](argument, value);
  });
}

/** Radio buttons and lists deliver text, so `true` in a rule meets "true" in the page. */
function same(wanted, value) {
  if (wanted === null) return value === undefined;
  if (value === undefined) return false;
  if (Array.isArray(wanted)) return Array.isArray(value) && JSON.stringify(wanted) === JSON.stringify(value);
  return String(wanted) === String(value);
}

function isOfType(type, value) {
  if (type === 'null') return value === undefined;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
