// Reading and writing the parts of a diagram's file that the panel edits; every change goes through the command stack.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

export const GIVEN = [
  ['entry', 'text', '始まり方'], ['case_id', 'text', 'ケース'], ['owner_org', 'text', '受け持つ機関'],
  ['lead_org', 'text', '主担当機関'], ['started_on', 'date', '始めた日'],
];

/** Properties whose reference is the name of a variable, which is no element of the file. */
const VARIABLE_REFERENCES = ['bpmn:loopDataInputRef', 'bpmn:loopDataOutputRef'];

/** Open a diagram. References to variables, which the library cannot resolve and would drop, are kept. */
export async function importDiagram(modeler, xml) {
  const lost = [];
  const note = ({ references, elementsById }) => {
    lost.push(...references.filter((r) => VARIABLE_REFERENCES.includes(r.property) && !elementsById[r.id]));
  };
  modeler.get('eventBus').once('import.parse.complete', 2000, note);
  const result = await modeler.importXML(xml);
  for (const { element, property, id } of lost) element.set(property, variableReference(modeler.get('moddle'), id));
  return result;
}

function variableReference(moddle, id) { return moddle.create('bpmn:DataObject', { id }); }

export class Model {
  constructor(modeler) {
    this.modeling = modeler.get('modeling');
    this.factory = modeler.get('bpmnFactory');
    this.moddle = modeler.get('moddle');
    this.canvas = modeler.get('canvas');
    this.registry = modeler.get('elementRegistry');
    this.modeler = modeler;
  }

  get definitions() { return this.modeler.getDefinitions(); }

  get process() { return this.definitions.rootElements.find((root) => is(root, 'bpmn:Process')); }

  /** The variables of the process, with those that are always there: [name, type, label]. */
  get variables() {
    const declared = this.extensions(this.process, 'tsunagu:Variable');
    return [...declared.map((v) => [v.name, v.type, v.label || v.name]), ...GIVEN];
  }

  /** The names of the process's own declarations, one a line. */
  get declarations() {
    return this.extensions(this.process, 'tsunagu:Variable')
      .map((v) => [v.name, v.type, v.label || '', v.input ? 'input' : ''].filter(Boolean).join(' ')).join('\n');
  }

  extensions(holder, type) {
    return (holder?.extensionElements?.values || []).filter((value) => value.$type === type);
  }

  /** What carries a change: the element drawn, or the root for what is not drawn. */
  set(element, name, value) {
    this.modeling.updateProperties(element, { [name]: value === '' ? undefined : value });
  }

  setOn(holder, values, element = this.canvas.getRootElement()) {
    this.modeling.updateModdleProperties(element, holder, values);
  }

  documentation(holder) { return holder.documentation?.[0]?.text || ''; }

  setDocumentation(element, holder, text) {
    const rest = (holder.documentation || []).slice(1);
    const first = text.trim() ? [this.child('bpmn:Documentation', { text }, holder)] : [];
    this.setOn(holder, { documentation: [...first, ...rest] }, element);
  }

  child(type, values, parent) {
    const made = this.factory.create(type, values);
    made.$parent = parent;
    return made;
  }

  /** Replace all extension elements of some types by new ones; the others stay where they are. */
  setExtensions(element, holder, types, fresh) {
    const kept = (holder.extensionElements?.values || []).filter((value) => !types.includes(value.$type));
    const values = [...kept, ...fresh];
    const made = values.length ? this.child('bpmn:ExtensionElements', { values }, holder) : undefined;
    for (const value of values) value.$parent = made;
    this.setOn(holder, { extensionElements: made }, element);
  }

  setDeclarations(text) {
    const fresh = [];
    for (const [place, row] of text.split('\n').entries()) {
      if (!row.trim()) continue;
      const [name, type, ...rest] = row.trim().split(/\s+/);
      if (!type) return place + 1;
      const input = rest.at(-1) === 'input';
      const label = (input ? rest.slice(0, -1) : rest).join(' ');
      fresh.push(this.moddle.create('tsunagu:Variable', { name, type, ...(label && { label }), ...(input && { input: true }) }));
    }
    this.setExtensions(this.canvas.getRootElement(), this.process, ['tsunagu:Variable'], fresh);
    return 0;
  }

  /** Inputs and outputs of an operation or a decision: {inputs: {name: expression}, outputs: {variable: name}}. */
  mapping(holder) {
    const [both] = this.extensions(holder, 'camunda:InputOutput');
    const pairs = (list) => Object.fromEntries((list || []).map((p) => [p.name, p.text || '']));
    return { inputs: pairs(both?.inputParameters), outputs: pairs(both?.outputParameters) };
  }

  setMapping(element, holder, { inputs, outputs }) {
    const parameters = (type, pairs) => Object.entries(pairs).filter(([name, text]) => name && text)
      .map(([name, text]) => this.moddle.create(type, { name, text }));
    const inputParameters = parameters('camunda:InputParameter', inputs);
    const outputParameters = parameters('camunda:OutputParameter', outputs);
    const both = inputParameters.length + outputParameters.length
      ? [this.moddle.create('camunda:InputOutput', { inputParameters, outputParameters })] : [];
    for (const parameter of [...inputParameters, ...outputParameters]) [parameter.$parent] = both;
    this.setExtensions(element, holder, ['camunda:InputOutput'], both);
  }

  /** The lines "target = expression" of a call activity in one direction (camunda:In, camunda:Out). */
  calls(holder, type) {
    return this.extensions(holder, type).map((m) => `${m.target} = ${m.source || m.sourceExpression || ''}`).join('\n');
  }

  setCalls(element, holder, type, text) {
    const fresh = [];
    for (const [place, row] of text.split('\n').entries()) {
      if (!row.trim()) continue;
      const [, target, from] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(row) || [];
      if (!target) return place + 1;
      const source = /^[a-z_][a-z0-9_]*$/.test(from) ? { source: from } : { sourceExpression: from };
      fresh.push(this.moddle.create(type, { target, ...source }));
    }
    this.setExtensions(element, holder, [type], fresh);
    return 0;
  }

  /** The event definition of an event, or the receive or send task itself: whatever holds a reference. */
  definition(element) {
    const holder = getBusinessObject(element);
    return holder.eventDefinitions?.[0] || holder;
  }

  declared(type) { return this.definitions.rootElements.filter((root) => root.$type === type); }

  /** The declaration of that name, made where there is none. */
  declare(type, name) {
    const known = this.declared(type).find((root) => root.name === name);
    if (known) return known;
    const base = `${{ 'bpmn:Message': 'm', 'bpmn:Signal': 's', 'bpmn:Error': 'e', 'bpmn:Escalation': 'x' }[type]}_${name.replace(/\W+/g, '_')}`;
    const taken = new Set(this.definitions.rootElements.map((root) => root.id));
    let id = base;
    for (let n = 2; taken.has(id) || this.registry.get(id); n += 1) id = `${base}_${n}`;
    const code = { 'bpmn:Error': { errorCode: name }, 'bpmn:Escalation': { escalationCode: name } }[type] || {};
    const made = this.child(type, { id, name, ...code }, this.definitions);
    const roots = [...this.definitions.rootElements];
    const first = roots.findIndex((root) => is(root, 'bpmn:Process'));
    roots.splice(first < 0 ? roots.length : first, 0, made);
    this.setOn(this.definitions, { rootElements: roots });
    return made;
  }

  /** The list variable over which an activity is repeated. */
  setCollection(element, loop, name) {
    this.setOn(loop, { loopDataInputRef: name ? variableReference(this.moddle, name) : undefined }, element);
  }

  expression(body, parent) {
    return body ? this.child('bpmn:FormalExpression', { body }, parent) : undefined;
  }
}

/** An expression in words: names of variables as their labels, the operators that are used most in Japanese. */
export function reading(expression, variables) {
  const labels = new Map(variables.map(([name, , label]) => [name, label]));
  const parts = (expression || '').split(/("[^"]*"|'[^']*')/);
  const told = parts.map((part) => {
    if (/^["']/.test(part)) return `「${part.slice(1, -1)}」`;
    return part.replace(/\b[a-z_][a-z0-9_]*\b/g, (name) => {
      const words = { and: 'かつ', or: 'または', not: 'でない', None: '空', True: 'はい', False: 'いいえ' };
      return labels.get(name) || words[name] || name;
    }).replaceAll('==', 'が').replaceAll('!=', 'ではない').replaceAll('None', '空').replaceAll('True', 'はい').replaceAll('False', 'いいえ');
  });
  return told.join('').replace(/\s+/g, ' ').trim();
}
