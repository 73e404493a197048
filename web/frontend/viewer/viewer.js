// The diagram island. A page writes
//   <div data-bpmn-url="/…/diagram.bpmn" data-bpmn-label="…"
//        data-marks='[{"id": "in_refer", "kind": "here", "label": "いまここ", "href": "/…"}]'>text for when this script is missing</div>
// and this script draws the process there, read-only, with each mark as a coloured outline and a badge in words.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';

import { drawWith, lettersOf, textRenderer } from '../lettering.js';
import { texts } from './texts.js';

/** Kinds of marks that have a look of their own in viewer.css; anything else looks like "note". */
const KINDS = new Set([
  'here', 'done', 'waiting', 'overdue', 'incident', 'note',
  'heat1', 'heat2', 'heat3', 'heat4', 'added', 'removed', 'changed', 'moved',
]);

/** Marks that tell how a version differs from another one, not where a case is. */
const CHANGES = new Set(['added', 'removed', 'changed', 'moved']);

/** Readable scale when the page goes to one element; the whole of a wide process is too small to read. */
const READING_SCALE = 0.9;

export function start(root = document) {
  for (const host of root.querySelectorAll('[data-bpmn-url]:not([data-bpmn-state])')) show(host);
}

async function show(host) {
  host.dataset.bpmnState = 'loading';
  const say = texts();
  const fallback = [...host.childNodes];
  try {
    const xml = await fetchDiagram(host.dataset.bpmnUrl);
    const letters = lettersOf(xml);
    const frame = buildFrame(host, say);
    const viewer = new NavigatedViewer({
      container: frame.canvas,
      // The wheel scrolls the page: a diagram that swallows it traps whoever reads on.
      zoomScroll: { enabled: false },
      textRenderer,
    });
    await viewer.importXML(xml);
    nameForScreenReaders(frame.canvas, host.dataset.bpmnLabel || say.diagram);
    const marks = readMarks(host);
    const marked = mark(viewer, marks);
    if (marks.some(({ kind }) => CHANGES.has(kind))) frame.buttons.here.textContent = say.changed;
    fallback.forEach((node) => node.remove());
    fit(viewer, frame.canvas);
    connectButtons(viewer, frame, marked);
    refitOnResize(viewer, frame.canvas);
    drawWith(letters, viewer);
    host.dataset.bpmnState = 'shown';
  } catch (error) {
    fail(host, say, error);
  }
}

async function fetchDiagram(url) {
  const answer = await fetch(url, { credentials: 'same-origin', headers: { Accept: 'application/xml, text/xml' } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** Puts buttons and an empty canvas before what stands in the host. */
function buildFrame(host, say) {
  const buttons = {};
  const bar = element('div', 'bpmn-bar');
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', say.controls);
  for (const name of ['here', 'whole', 'larger', 'smaller']) {
    buttons[name] = element('button', 'bpmn-button', say[name]);
    buttons[name].type = 'button';
    bar.append(buttons[name]);
  }
  const canvas = element('div', 'bpmn-canvas');
  host.prepend(bar, canvas);
  return { buttons, canvas };
}

function nameForScreenReaders(canvas, label) {
  const svg = canvas.querySelector('.djs-container > svg');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
}

function readMarks(host) {
  const marks = JSON.parse(host.dataset.marks || '[]');
  if (!Array.isArray(marks)) throw new TypeError('data-marks is not a list');
  return marks;
}

/** Draws the marks whose element is in the diagram; returns the ids of those that say where the case is. */
function mark(viewer, marks) {
  const registry = viewer.get('elementRegistry');
  const here = [];
  for (const { id, kind, label, href } of marks) {
    const shape = registry.get(id);
    if (!shape) continue;
    const look = KINDS.has(kind) ? kind : 'note';
    viewer.get('canvas').addMarker(id, `mark-${look}`);
    if (label && !shape.waypoints) addBadge(viewer, shape, look, label, href);
    if (!['done', 'note', 'moved'].includes(look)) here.push(id);
  }
  return here;
}

function addBadge(viewer, shape, look, label, href) {
  const html = element(href ? 'a' : 'div', `bpmn-badge bpmn-badge-${look}`, label);
  if (href) html.href = href;
  viewer.get('overlays').add(shape.id, 'mark', {
    html,
    position: { top: -18, left: 28 },
    scale: { min: 0.8, max: 1.2 },
    show: {},
  });
}

/** The canvas gets the height that the whole diagram needs at full width, within what a screen bears. */
function fit(viewer, node) {
  const canvas = viewer.get('canvas');
  const { inner } = canvas.viewbox();
  const wanted = inner.width ? node.clientWidth * (inner.height / inner.width) + 48 : 0;
  node.style.height = `${Math.round(Math.min(Math.max(wanted, 240), window.innerHeight * 0.8))}px`;
  canvas.resized();
  canvas.zoom('fit-viewport', 'auto');
}

/** Puts an element in the middle, large enough to read. */
function goTo(viewer, id) {
  const canvas = viewer.get('canvas');
  const shape = viewer.get('elementRegistry').get(id);
  const { width, height } = canvas.getSize();
  const seen = { width: width / READING_SCALE, height: height / READING_SCALE };
  canvas.viewbox({
    x: shape.x + (shape.width - seen.width) / 2, y: shape.y + (shape.height - seen.height) / 2, ...seen,
  });
}

function connectButtons(viewer, { buttons, canvas }, marked) {
  let next = 0;
  const step = (by) => viewer.get('zoomScroll').stepZoom(by);
  buttons.here.hidden = marked.length === 0;
  buttons.here.addEventListener('click', () => goTo(viewer, marked[next++ % marked.length]));
  buttons.whole.addEventListener('click', () => fit(viewer, canvas));
  buttons.larger.addEventListener('click', () => step(1));
  buttons.smaller.addEventListener('click', () => step(-1));
}

function refitOnResize(viewer, node) {
  let width = node.clientWidth;
  new ResizeObserver(() => {
    // Not shown (the page is being left, a part around it is folded): nothing can be fitted into no width.
    if (node.clientWidth === 0 || node.clientWidth === width) return;
    width = node.clientWidth;
    fit(viewer, node);
  }).observe(node);
}

/** Says that the picture is missing; the text that the page wrote there stays. */
function fail(host, say, error) {
  console.error('diagram', error);
  host.dataset.bpmnState = 'failed';
  host.querySelectorAll('.bpmn-bar, .bpmn-canvas').forEach((part) => part.remove());
  const message = element('p', 'bpmn-failure', say.failed);
  message.setAttribute('role', 'alert');
  host.prepend(message);
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text) node.textContent = text;
  return node;
}

start();
document.addEventListener('htmx:after:swap', () => start());
