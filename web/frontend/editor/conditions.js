// The condition of a flow behind a gateway: as an expression, as it reads, and made from the declared variables.
import { is, isAny } from 'bpmn-js/lib/util/ModelUtil';

import { check, choice, line, lines, node } from './dom.js';
import { reading } from './model.js';
import { say } from './texts.js';

const OPERATORS = {
  bool: ['isTrue', 'isFalse', 'isEmpty'],
  list: ['has', 'isEmpty'],
  number: ['equals', 'differs', 'atLeast', 'atMost', 'isEmpty'],
  other: ['equals', 'differs', 'isEmpty'],
};
const UNARY = new Set(['isTrue', 'isFalse', 'isEmpty']);

export function conditionParts(panel, element, flow) {
  const source = flow.sourceRef;
  const guarded = isAny(source, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway']);
  if (!guarded || (source.outgoing || []).length < 2) return [];
  const isDefault = source.default === flow;
  const setDefault = (on) => panel.model.set(element.source, 'default', on ? flow : undefined);
  const body = flow.conditionExpression?.body || '';
  const set = (value) => panel.model.set(element, 'conditionExpression', panel.model.expression(value.trim(), flow));
  if (isDefault && !is(source, 'bpmn:InclusiveGateway')) return [panel.group('gCondition', check(say('isDefault'), 'isDefault', true, setDefault))];
  return [panel.group(
    'gCondition',
    check(say('isDefault'), 'isDefault', isDefault, setDefault),
    lines(say('condition'), 'condition', body, set, 2, { spellcheck: 'false' }),
    body ? node('p', { class: 'ed-hint', lang: 'ja' }, `${say('reading')}${reading(body, panel.model.variables)}${say('when')}`) : undefined,
    builder(panel, set),
  )];
}

function builder(panel, set) {
  const state = panel.building || { variable: '', operator: '', value: '' };
  const kind = panel.model.variables.find(([name]) => name === state.variable)?.[1];
  const operators = OPERATORS[{ bool: 'bool', list: 'list', int: 'number', decimal: 'number' }[kind] || 'other'];
  const operator = operators.includes(state.operator) ? state.operator : operators[0];
  const keep = (change) => { panel.building = { ...state, operator, ...change }; panel.show(); };
  const parts = node('details', { class: 'ed-build' }, node('summary', {}, say('build')),
    choice(say('variable'), 'b.variable', state.variable, panel.variableOptions(say('choose')), (variable) => keep({ variable })));
  parts.dataset.fold = 'build';
  if (state.variable) {
    parts.append(choice(say('compare'), 'b.operator', operator, operators.map((name) => [name, say(name)]), (name) => keep({ operator: name })));
    if (!UNARY.has(operator)) parts.append(line(say('value'), 'b.value', state.value, (value) => keep({ value })));
    parts.append(node('button', { type: 'button', class: 'ed-button', click: () => set(expressionOf({ ...state, operator, kind })) }, say('use')));
  }
  return parts;
}

/** The expression for a choice of the builder. */
export function expressionOf({ variable, operator, value, kind }) {
  const plain = kind === 'int' || kind === 'decimal' ? String(Number(value) || 0) : JSON.stringify(value);
  switch (operator) {
    case 'isTrue': return `${variable} == True`;
    case 'isFalse': return `${variable} == False`;
    case 'isEmpty': return `${variable} == None`;
    case 'has': return `contains(${variable}, ${plain})`;
    case 'differs': return `${variable} != ${plain}`;
    case 'atLeast': return `${variable} >= ${plain}`;
    case 'atMost': return `${variable} <= ${plain}`;
    default: return `${variable} == ${plain}`;
  }
}
