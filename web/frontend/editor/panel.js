// The properties of what is selected, in the words of the people who own the process. Nothing is shown that has no effect.
import { getBusinessObject, is, isAny } from 'bpmn-js/lib/util/ModelUtil';

import { check, choice, line, lines, node, period, several } from './dom.js';
import { conditionParts } from './conditions.js';
import { eventParts } from './events.js';
import { say } from './texts.js';

const ID = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const SCOPES = ['owner', 'lead', 'accepted', 'field', 'lead_field', 'city'];
const UNITS = ['business_days', 'business_hours', 'calendar_days', 'months', 'hours'];
const split = (text) => (text || '').split(/[\s,]+/).filter(Boolean);

export class Panel {
  constructor(modeler, host, model, facts) {
    Object.assign(this, { modeler, host, model, facts });
    const events = modeler.get('eventBus');
    const later = () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.show(), 0); };
    events.on(['selection.changed', 'elements.changed', 'root.set', 'import.done', 'commandStack.changed'], later);
    this.show();
  }

  get element() {
    const [first, ...more] = this.modeler.get('selection').get();
    if (!first || more.length) return undefined;
    return first.labelTarget || first;
  }

  /** Draw the panel; what has the focus, and what is unfolded, stays. */
  show() {
    const focused = this.host.contains(document.activeElement) ? document.activeElement.dataset.field : undefined;
    const open = [...this.host.querySelectorAll('details[data-fold][open]')].map((part) => part.dataset.fold);
    const element = this.element;
    const same = this.shown === (element?.id || '');
    this.shown = element?.id || '';
    this.host.replaceChildren(...(element ? this.parts(element) : this.processParts()));
    if (!same) { this.host.scrollTop = 0; return; }
    for (const part of this.host.querySelectorAll('details[data-fold]')) part.open = open.includes(part.dataset.fold);
    if (focused) this.host.querySelector(`[data-field="${CSS.escape(focused)}"]`)?.focus();
  }

  parts(element) {
    const holder = getBusinessObject(element);
    const found = [this.basics(element, holder)];
    if (isAny(holder, ['bpmn:UserTask', 'bpmn:ManualTask'])) found.push(...this.work(element, holder));
    if (is(holder, 'bpmn:ServiceTask')) found.push(this.service(element, holder));
    if (is(holder, 'bpmn:BusinessRuleTask')) found.push(this.rule(element, holder));
    if (is(holder, 'bpmn:ScriptTask')) found.push(this.script(element, holder));
    if (is(holder, 'bpmn:CallActivity')) found.push(this.call(element, holder));
    if (holder.loopCharacteristics) found.push(this.repeat(element, holder.loopCharacteristics));
    if (is(holder, 'bpmn:SequenceFlow')) found.push(...conditionParts(this, element, holder));
    found.push(...eventParts(this, element, holder));
    return found;
  }

  group(title, ...children) {
    return node('section', { class: 'ed-group' }, node('h3', {}, say(title)), ...children.filter(Boolean));
  }

  set(element, name) { return (value) => this.model.set(element, name, value); }

  basics(element, holder) {
    const rename = (value, control) => {
      const taken = this.modeler.get('elementRegistry').get(value);
      const wrong = !ID.test(value) || (taken && taken !== element);
      control.setCustomValidity(wrong ? say('idWrong') : '');
      if (wrong) { control.reportValidity(); return; }
      this.modeler.get('modeling').updateProperties(element, { id: value });
    };
    const text = is(holder, 'bpmn:TextAnnotation') ? 'text' : 'name';
    const told = is(holder, 'bpmn:FlowNode') || is(holder, 'bpmn:Process');
    return this.group(
      'gBasic',
      lines(say('name'), 'name', holder.get(text), (value) => this.rename(element, text, value.trim()), 2),
      line(say('id'), 'id', holder.id, rename, { spellcheck: 'false' }),
      told && lines(say('documentation'), 'documentation', this.model.documentation(holder), (value) => this.model.setDocumentation(element, holder, value), 4),
    );
  }

  rename(element, property, value) {
    if (property === 'name') this.modeler.get('modeling').updateLabel(element, value);
    else this.model.set(element, property, value);
  }

  work(element, holder) {
    return [this.who(element, holder), this.clock(element, holder), this.form(element, holder)];
  }

  who(element, holder) {
    const scopes = split(holder.get('tsunagu:orgScope') || 'owner');
    const others = scopes.filter((scope) => !SCOPES.includes(scope));
    const known = scopes.filter((scope) => SCOPES.includes(scope));
    const setScopes = (list) => this.model.set(element, 'tsunagu:orgScope', list.join(' '));
    const tasks = this.modeler.get('elementRegistry').filter((e) => !e.labelTarget && isAny(e, ['bpmn:UserTask', 'bpmn:ManualTask']) && e !== element);
    return this.group(
      'gWho',
      several(say('roles'), 'roles', split(holder.get('camunda:candidateGroups')), this.facts.roles.map((r) => [r.code, r.name]),
        (list) => this.model.set(element, 'camunda:candidateGroups', list.join(' '))),
      several(say('orgScope'), 'orgScope', known, SCOPES.map((code) => [code, say(code)]), (list) => setScopes([...list, ...others])),
      line(say('scopeOther'), 'scopeOther', others.join(' '), (value) => setScopes([...known, ...split(value)])),
      check(say('cityStaffOnly'), 'cityStaffOnly', holder.get('tsunagu:cityStaffOnly'), (on) => this.model.set(element, 'tsunagu:cityStaffOnly', on || undefined)),
      choice(say('notSameAs'), 'notSameAs', holder.get('tsunagu:notSameAs') || '',
        [['', say('nobody')], ...tasks.map((e) => [e.id, getBusinessObject(e).name || e.id])], this.set(element, 'tsunagu:notSameAs')),
      choice(say('assignTo'), 'assignTo', holder.get('tsunagu:assignTo') || '', this.variableOptions(say('nobody')), this.set(element, 'tsunagu:assignTo')),
    );
  }

  clock(element, holder) {
    const units = UNITS.map((code) => [code, say(code)]);
    units.words = { amount: say('amount'), unit: say('unit') };
    const both = holder.get('tsunagu:sla') && holder.get('tsunagu:due');
    return this.group(
      'gWhen',
      period(say('sla'), 'sla', holder.get('tsunagu:sla'), units, this.set(element, 'tsunagu:sla')),
      line(say('due'), 'due', holder.get('tsunagu:due'), this.set(element, 'tsunagu:due'), { spellcheck: 'false' }),
      both && check(say('dueRule'), 'dueRule', holder.get('tsunagu:dueRule') === 'earlier', (on) => this.model.set(element, 'tsunagu:dueRule', on ? 'earlier' : '')),
      holder.get('tsunagu:due') && check(say('roll'), 'roll', holder.get('tsunagu:roll'), (on) => this.model.set(element, 'tsunagu:roll', on || undefined)),
      period(say('warn'), 'warn', holder.get('tsunagu:warn'), units, this.set(element, 'tsunagu:warn')),
      choice(say('ladder'), 'ladder', holder.get('tsunagu:ladder') || 'standard', this.facts.ladders.map((name) => [name, this.ladderName(name)]), this.set(element, 'tsunagu:ladder')),
      choice(say('calendar'), 'calendar', holder.get('tsunagu:calendar') || 'owner', [['owner', say('calendarOwner')], ['accepted', say('calendarAccepted')]], this.set(element, 'tsunagu:calendar')),
      check(say('holdAllowed'), 'holdAllowed', holder.get('tsunagu:holdAllowed') !== false, (on) => this.model.set(element, 'tsunagu:holdAllowed', on ? undefined : false)),
      line(say('stage'), 'stage', holder.get('tsunagu:stage'), this.set(element, 'tsunagu:stage')),
    );
  }

  ladderName(name) { return ['standard', 'none'].includes(name) ? say(`ladder_${name}`) : name; }

  form(element, holder) {
    const key = holder.get('camunda:formKey') || '';
    const chosen = this.facts.forms.find((form) => form.key === (key || holder.id));
    const labels = new Map(this.model.variables.map(([name, , label]) => [name, label]));
    const fills = chosen?.variables.map((name) => labels.get(name) || name).join('、');
    return this.group(
      'gForm',
      choice(say('formKey'), 'formKey', key, [['', say('formOwn')], ...this.facts.forms.map((form) => [form.key, `${form.title}（${form.key}）`])], this.set(element, 'camunda:formKey')),
      fills ? node('p', { class: 'ed-hint' }, say('fills') + fills) : undefined,
      several(say('operations'), 'operations', split(holder.get('tsunagu:operation')), this.operationOptions(), (list) => this.model.set(element, 'tsunagu:operation', list.join(' '))),
    );
  }

  operationOptions() { return this.facts.operations.map((o) => [o.name, `${o.name}：${o.description}`]); }

  variableOptions(none) { return [['', none], ...this.model.variables.map(([name, , label]) => [name, `${label}（${name}）`])]; }

  service(element, holder) {
    const name = holder.get('tsunagu:operation') || '';
    const operation = this.facts.operations.find((o) => o.name === name);
    return this.group(
      'gOperation',
      choice(say('operation'), 'operation', name, [['', say('choose')], ...this.operationOptions()], this.set(element, 'tsunagu:operation')),
      operation && node('p', { class: 'ed-hint', lang: 'en' }, operation.description),
      ...this.mapping(element, holder, operation?.inputs || [], operation?.outputs || []),
    );
  }

  /** One line for each input (an expression) and each output (a variable), known or written. */
  mapping(element, holder, inputs, outputs) {
    const both = this.model.mapping(holder);
    const results = Object.entries(both.outputs);
    const target = (output) => results.find(([, result]) => result === output)?.[0] || '';
    const save = (change) => this.model.setMapping(element, holder, { ...both, ...change });
    const renamed = (output, variable) => {
      const kept = results.filter(([, result]) => result !== output);
      save({ outputs: Object.fromEntries(variable ? [...kept, [variable, output]] : kept) });
    };
    const allInputs = [...new Set([...inputs, ...Object.keys(both.inputs)])];
    const allOutputs = [...new Set([...outputs, ...results.map(([, result]) => result)])];
    return [
      ...allInputs.map((name) => line(say('input') + name, `in.${name}`, both.inputs[name], (value) => save({ inputs: { ...both.inputs, [name]: value } }), { spellcheck: 'false' })),
      ...allOutputs.map((name) => choice(say('output') + name, `out.${name}`, target(name), this.variableOptions(say('nobody')), (value) => renamed(name, value))),
    ];
  }

  rule(element, holder) {
    const names = this.facts.decisions.map((name) => [name, name]);
    return this.group(
      'gOperation',
      choice(say('decisionRef'), 'decisionRef', holder.get('camunda:decisionRef') || '', [['', say('choose')], ...names], this.set(element, 'camunda:decisionRef')),
      choice(say('resultVariable'), 'resultVariable', holder.get('camunda:resultVariable') || '', this.variableOptions(say('nobody')), this.set(element, 'camunda:resultVariable')),
      ...this.mapping(element, holder, [], []),
    );
  }

  script(element, holder) {
    return this.group('gOperation', lines(say('script'), 'script', holder.script, this.set(element, 'script'), 5, { spellcheck: 'false' }));
  }

  call(element, holder) {
    const processes = this.facts.processes.map((p) => [p.key, `${p.name}（${p.key}）`]);
    const commit = (type) => (value, control) => this.lineWise(control, this.model.setCalls(element, holder, type, value));
    return this.group(
      'gCall',
      choice(say('called'), 'called', holder.calledElement || '', [['', say('choose')], ...processes], this.set(element, 'calledElement')),
      lines(say('callIn'), 'callIn', this.model.calls(holder, 'camunda:In'), commit('camunda:In'), 3, { spellcheck: 'false' }),
      lines(say('callOut'), 'callOut', this.model.calls(holder, 'camunda:Out'), commit('camunda:Out'), 3, { spellcheck: 'false' }),
    );
  }

  lineWise(control, wrong) {
    control.setCustomValidity(wrong ? say('lineWrong', { n: wrong }) : '');
    if (wrong) control.reportValidity();
  }

  repeat(element, loop) {
    const set = (name) => (value) => this.model.setOn(loop, { [name]: value || undefined }, element);
    const formal = (name) => (value) => this.model.setOn(loop, { [name]: this.model.expression(value, loop) }, element);
    if (is(loop, 'bpmn:StandardLoopCharacteristics')) {
      return this.group(
        'gRepeat',
        line(say('loopMaximum'), 'loopMaximum', loop.loopMaximum, (value) => set('loopMaximum')(Number(value)), { inputmode: 'numeric' }),
        line(say('loopCondition'), 'loopCondition', loop.loopCondition?.body, formal('loopCondition')),
      );
    }
    const item = (value) => this.model.setOn(loop, { inputDataItem: value ? this.model.child('bpmn:DataInput', { id: value, name: value }, loop) : undefined }, element);
    const lists = this.model.variables.filter(([, type]) => type === 'list').map(([name, , label]) => [name, `${label}（${name}）`]);
    return this.group(
      'gRepeat',
      choice(say('collection'), 'collection', loop.loopDataInputRef?.id || '', [['', say('nobody')], ...lists], (name) => this.model.setCollection(element, loop, name)),
      line(say('item'), 'item', loop.inputDataItem?.name || loop.inputDataItem?.id, item, { spellcheck: 'false' }),
      line(say('completion'), 'completion', loop.completionCondition?.body, formal('completionCondition'), { spellcheck: 'false' }),
    );
  }

  processParts() {
    const { model } = this;
    const root = this.modeler.get('canvas').getRootElement();
    const pool = this.modeler.get('elementRegistry').find((e) => is(e, 'bpmn:Participant') && e.businessObject.processRef === model.process);
    const rename = (value) => {
      if (pool) this.modeler.get('modeling').updateLabel(pool, value);
      model.setOn(model.process, { name: value }, root);
    };
    return [
      node('p', { class: 'ed-hint' }, say('nothing')),
      this.group(
        'gBasic',
        line(say('name'), 'name', model.process.name, rename),
        lines(say('documentation'), 'documentation', model.documentation(model.process), (value) => model.setDocumentation(root, model.process, value), 5),
      ),
      this.group('gVariables', lines(say('variables'), 'variables', model.declarations, (value, control) => this.lineWise(control, model.setDeclarations(value)), 10)),
    ];
  }
}
