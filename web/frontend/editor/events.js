// What an event, or a send or receive task, waits for or sends.
import { is, isAny } from 'bpmn-js/lib/util/ModelUtil';

import { check, choice, line } from './dom.js';
import { say } from './texts.js';

const REFERENCES = [
  ['bpmn:Message', 'messageRef', 'message'], ['bpmn:Signal', 'signalRef', 'signal'],
  ['bpmn:Error', 'errorRef', 'errorRef'], ['bpmn:Escalation', 'escalationRef', 'escalation'],
];
const TIMES = ['timeDate', 'timeDuration', 'timeCycle'];

export function eventParts(panel, element, holder) {
  if (!is(holder, 'bpmn:Event') && !isAny(holder, ['bpmn:SendTask', 'bpmn:ReceiveTask'])) return [];
  const definition = panel.model.definition(element);
  if (is(definition, 'bpmn:TimerEventDefinition')) return [timer(panel, element, holder, definition)];
  const found = REFERENCES.find(([, property]) => definition.$descriptor.propertiesByName[property]);
  return found ? [reference(panel, element, holder, definition, found)] : [];
}

function timer(panel, element, holder, definition) {
  const kind = TIMES.find((name) => definition[name]) || 'timeDuration';
  const set = (name, body) => panel.model.setOn(definition, {
    ...Object.fromEntries(TIMES.map((time) => [time, undefined])), [name]: panel.model.expression(body || definition[kind]?.body, definition),
  }, element);
  return panel.group(
    'gEvent',
    choice(say('timerKind'), 'timerKind', kind, TIMES.map((name) => [name, say(name)]), (name) => set(name)),
    line(say('timer'), 'timer', definition[kind]?.body, (value) => set(kind, value), { spellcheck: 'false' }),
    is(holder, 'bpmn:BoundaryEvent') && check(say('follows'), 'follows', holder.get('tsunagu:follows') === 'overdue', (on) => panel.model.set(element, 'tsunagu:follows', on ? 'overdue' : '')),
  );
}

function reference(panel, element, holder, definition, [type, property, label]) {
  const { model } = panel;
  const declared = model.declared(type).map((root) => root.name);
  const names = type === 'bpmn:Message' ? [...new Set([...declared, ...panel.facts.messages])] : declared;
  const set = (name) => model.setOn(definition, { [property]: name ? model.declare(type, name) : undefined }, element);
  const fresh = line(say('newOne'), 'newOne', '', (name) => { if (name) set(name); }, { spellcheck: 'false' });
  const carries = type === 'bpmn:Message';
  return panel.group(
    'gEvent',
    choice(say(label), property, definition[property]?.name || '', [['', say('choose')], ...names.map((name) => [name, name])], set),
    fresh,
    carries && line(say('payload'), 'payload', holder.get('tsunagu:payload'), panel.set(element, 'tsunagu:payload'), { spellcheck: 'false' }),
    carries && line(say('correlate'), 'correlate', holder.get('tsunagu:correlate'), panel.set(element, 'tsunagu:correlate'), { spellcheck: 'false' }),
  );
}
