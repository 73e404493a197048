// What may be drawn: only what the profile of process files accepts (docs/bpmn-profile.md). A test compares the lists.
import { say } from './texts.js';

/** The palette: entry -> element, its picture and, where it has one, its event definition. */
const PALETTE = [
  ['create.user-task', 'activity', 'bpmn:UserTask', 'bpmn-icon-user-task'],
  ['create.service-task', 'activity', 'bpmn:ServiceTask', 'bpmn-icon-service-task'],
  ['create.rule-task', 'activity', 'bpmn:BusinessRuleTask', 'bpmn-icon-business-rule-task'],
  ['create.exclusive-gateway', 'gateway', 'bpmn:ExclusiveGateway', 'bpmn-icon-gateway-xor'],
  ['create.parallel-gateway', 'gateway', 'bpmn:ParallelGateway', 'bpmn-icon-gateway-parallel'],
  ['create.start-event', 'event', 'bpmn:StartEvent', 'bpmn-icon-start-event-none'],
  ['create.timer-event', 'event', 'bpmn:IntermediateCatchEvent', 'bpmn-icon-intermediate-event-catch-timer', 'bpmn:TimerEventDefinition'],
  ['create.message-catch', 'event', 'bpmn:IntermediateCatchEvent', 'bpmn-icon-intermediate-event-catch-message', 'bpmn:MessageEventDefinition'],
  ['create.message-throw', 'event', 'bpmn:IntermediateThrowEvent', 'bpmn-icon-intermediate-event-throw-message', 'bpmn:MessageEventDefinition'],
  ['create.end-event', 'event', 'bpmn:EndEvent', 'bpmn-icon-end-event-none'],
  ['create.sub-process', 'activity', 'bpmn:SubProcess', 'bpmn-icon-subprocess-expanded'],
  ['create.call-activity', 'activity', 'bpmn:CallActivity', 'bpmn-icon-call-activity'],
];

/** What an element may be changed into. */
const REPLACEMENTS = new Set([
  'replace-with-user-task', 'replace-with-manual-task', 'replace-with-service-task', 'replace-with-send-task',
  'replace-with-receive-task', 'replace-with-rule-task', 'replace-with-script-task', 'replace-with-call-activity',
  'replace-with-expanded-subprocess', 'replace-with-exclusive-gateway', 'replace-with-parallel-gateway',
  'replace-with-inclusive-gateway', 'replace-with-event-based-gateway', 'replace-with-none-start',
  'replace-with-none-end', 'replace-with-message-start', 'replace-with-message-intermediate-catch',
  'replace-with-message-intermediate-throw', 'replace-with-timer-intermediate-catch',
  'replace-with-escalation-intermediate-throw', 'replace-with-signal-intermediate-catch',
  'replace-with-signal-intermediate-throw', 'replace-with-message-boundary', 'replace-with-timer-boundary',
  'replace-with-escalation-boundary', 'replace-with-error-boundary', 'replace-with-signal-boundary',
  'replace-with-non-interrupting-message-boundary', 'replace-with-non-interrupting-timer-boundary',
  'replace-with-non-interrupting-escalation-boundary', 'replace-with-non-interrupting-signal-boundary',
  'replace-with-message-end', 'replace-with-escalation-end', 'replace-with-error-end', 'replace-with-terminate-end',
  'replace-with-sequence-flow', 'replace-with-default-flow',
  'toggle-parallel-mi', 'toggle-sequential-mi', 'toggle-loop', 'toggle-non-interrupting',
]);

/** What the pad beside a selected element offers beyond what the library does, and what of that stays away. */
const APPENDED = [
  ['append.user-task', 'bpmn:UserTask', 'bpmn-icon-user-task'],
  ['append.service-task', 'bpmn:ServiceTask', 'bpmn-icon-service-task'],
];
const NOT_APPENDED = [
  'append.append-task', 'append.intermediate-event', 'append.compensation-activity', 'append.condition-intermediate-event',
];

function shapeOf(elementFactory, type, definition) {
  const extra = definition ? { eventDefinitionType: definition } : {};
  return elementFactory.createShape({ type, ...extra, ...(type === 'bpmn:SubProcess' && { isExpanded: true }) });
}

function Palette(palette, create, elementFactory, lassoTool, spaceTool, globalConnect, translate) {
  palette.registerProvider(this);
  const tool = (className, title, start) => ({ group: 'tools', className, title: translate(title), action: { click: start } });
  this.getPaletteEntries = () => {
    const entries = {
      'lasso-tool': tool('bpmn-icon-lasso-tool', 'Activate lasso tool', (event) => lassoTool.activateSelection(event)),
      'space-tool': tool('bpmn-icon-space-tool', 'Activate create/remove space tool', (event) => spaceTool.activateSelection(event)),
      'global-connect-tool': tool('bpmn-icon-connection-multi', 'Activate global connect tool', (event) => globalConnect.start(event)),
      'tool-separator': { group: 'tools', separator: true },
    };
    for (const [id, group, type, className, definition] of PALETTE) {
      const start = (event) => create.start(event, shapeOf(elementFactory, type, definition));
      entries[id] = { group, className, title: say(id), action: { dragstart: start, click: start } };
    }
    return entries;
  };
}
Palette.$inject = ['palette', 'create', 'elementFactory', 'lassoTool', 'spaceTool', 'globalConnect', 'translate'];

function Pad(contextPad, autoPlace, create, elementFactory) {
  contextPad.registerProvider(500, this);
  this.getContextPadEntries = (element) => (entries) => {
    for (const id of NOT_APPENDED) delete entries[id];
    if (!entries['append.end-event'] && !entries['append.gateway']) return entries;
    const fresh = {};
    for (const [id, type, className] of APPENDED) {
      fresh[id] = {
        group: 'model', className, title: say(id),
        action: {
          click: () => autoPlace.append(element, shapeOf(elementFactory, type)),
          dragstart: (event) => create.start(event, shapeOf(elementFactory, type), { source: element }),
        },
      };
    }
    return { ...fresh, ...entries };
  };
}
Pad.$inject = ['contextPad', 'autoPlace', 'create', 'elementFactory'];

function ReplaceMenu(popupMenu) {
  popupMenu.registerProvider('bpmn-replace', 500, this);
  const allowed = (entries) => Object.fromEntries(Object.entries(entries).filter(([id]) => REPLACEMENTS.has(id)));
  this.getPopupMenuEntries = () => allowed;
  this.getPopupMenuHeaderEntries = () => allowed;
}
ReplaceMenu.$inject = ['popupMenu'];

export const profileModule = {
  __init__: ['paletteProvider', 'profilePad', 'profileReplaceMenu'],
  paletteProvider: ['type', Palette],
  profilePad: ['type', Pad],
  profileReplaceMenu: ['type', ReplaceMenu],
};
