// The editor island: <div data-editor data-…-url="…">. Draws the draft, edits it, checks it and keeps it.
import Modeler from 'bpmn-js/lib/Modeler';
import TokenSimulation from 'bpmn-js-token-simulation';
import Minimap from 'diagram-js-minimap';

import tsunagu from '../../../workflows/tsunagu-moddle.json';
import camunda from './camunda.json';
import { node } from './dom.js';
import { importDiagram, Model } from './model.js';
import { Panel } from './panel.js';
import { Problems } from './problems.js';
import { profileModule } from './profile.js';
import { Saving } from './saving.js';
import { say } from './texts.js';
import { translateModule, translateSimulation } from './words.js';
import { drawWith, lettersOf, textRenderer } from '../lettering.js';

function makeModeler(container) {
  return new Modeler({
    container,
    additionalModules: [translateModule, profileModule, Minimap, TokenSimulation],
    moddleExtensions: { tsunagu, camunda },
    minimap: { open: window.innerWidth > 1100 },
    textRenderer,
    // The wheel scrolls the page: a diagram that swallows it traps whoever reads on.
    zoomScroll: { enabled: false },
  });
}

async function start(host) {
  host.dataset.editor = 'loading';
  const settings = {
    ...host.dataset, revision: Number(host.dataset.revision), state: document.querySelector('[data-editor-state]') || node('p'),
  };
  const frame = build(host);
  try {
    const [xml, facts] = await Promise.all([text(settings.diagramUrl), text(settings.factsUrl).then(JSON.parse)]);
    const letters = lettersOf(xml);
    const modeler = makeModeler(frame.canvas);
    const saving = new Saving(modeler, host, settings);
    await open(modeler, saving, xml);
    host.openDiagram = (other) => importDiagram(modeler, other);
    host.modeler = modeler;
    frame.canvas.querySelector('.djs-container > svg').setAttribute('aria-label', say('canvas'));
    translateSimulation(frame.canvas);
    new Panel(modeler, frame.panel, new Model(modeler), facts);
    new Problems(modeler, frame.problems, settings);
    connect(modeler, frame, saving);
    drawWith(letters, modeler);
    host.dataset.editor = 'shown';
  } catch (error) {
    console.error('editor', error);
    host.dataset.editor = 'failed';
    host.replaceChildren(node('p', { class: 'ed-failed', role: 'alert' }, say('failed')));
  }
}

async function text(url) {
  const answer = await fetch(url, { credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** The draft, or what this computer kept of it and the server does not have yet. */
async function open(modeler, saving, xml) {
  const kept = saving.kept();
  if (kept?.xml && kept.xml !== xml) {
    await importDiagram(modeler, kept.xml);
    saving.revision = kept.revision;
    saving.changed();
    saving.tell(say('restored'));
  } else {
    await importDiagram(modeler, xml);
  }
  modeler.get('canvas').zoom('fit-viewport', 'auto');
}

function build(host) {
  const parts = {
    bar: node('div', { class: 'ed-bar', role: 'group', 'aria-label': say('tools') }),
    canvas: node('div', { class: 'ed-canvas' }),
    panel: node('aside', { class: 'ed-panel', 'aria-label': say('properties'), tabindex: '-1' }),
    problems: node('section', { class: 'ed-below', 'aria-label': say('problems'), tabindex: '-1' }),
  };
  host.replaceChildren(parts.bar, parts.canvas, parts.panel, parts.problems);
  return parts;
}

function connect(modeler, frame, saving) {
  const stack = modeler.get('commandStack');
  const zoom = (by) => modeler.get('zoomScroll').stepZoom(by);
  const button = (name, click, extra = '') => {
    const made = node('button', { type: 'button', class: `ed-button ${extra}`, click }, say(name));
    frame.bar.append(made);
    return made;
  };
  button('save', () => saving.save(), 'ed-primary');
  const undo = button('undo', () => stack.undo());
  const redo = button('redo', () => stack.redo());
  button('whole', () => modeler.get('canvas').zoom('fit-viewport', 'auto'));
  button('larger', () => zoom(1));
  button('smaller', () => zoom(-1));
  button('find', () => modeler.get('searchPad').toggle());
  const simulate = button('simulate', () => modeler.get('toggleMode').toggleMode());
  modeler.on('tokenSimulation.toggleMode', ({ active }) => {
    simulate.textContent = say(active ? 'editAgain' : 'simulate');
    frame.panel.inert = active;
  });
  const able = () => { undo.disabled = !stack.canUndo(); redo.disabled = !stack.canRedo(); };
  modeler.on('commandStack.changed', able);
  able();
  keys(frame, saving);
}

/** Ctrl+S saves; F6 goes round canvas, properties and problems. */
function keys(frame, saving) {
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if ((event.ctrlKey || event.metaKey) && event.code === 'KeyS') {
      event.preventDefault();
      document.activeElement?.blur?.();
      saving.save();
    }
    if (event.code === 'F6') {
      event.preventDefault();
      const ring = [frame.canvas.querySelector('svg'), frame.panel, frame.problems];
      const at = ring.findIndex((part) => part.contains(document.activeElement));
      ring[(at + 1) % ring.length].focus();
    }
  });
}

for (const host of document.querySelectorAll('[data-editor=""]')) start(host);
