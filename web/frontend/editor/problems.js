// What is wrong with the diagram, as the server says by the rules of publishing; pressing one goes to its element.
import { node } from './dom.js';
import { say } from './texts.js';

const QUIET_MS = 1500;
/** Below this scale the names of a diagram cannot be read. */
const READABLE = 0.75;

export class Problems {
  constructor(modeler, host, settings) {
    Object.assign(this, { modeler, host, settings, asked: 0 });
    this.title = node('h2', {}, say('problems'));
    this.list = node('ul', { class: 'ed-problems' });
    this.status = node('p', { class: 'ed-hint', role: 'status' });
    host.append(this.title, this.status, this.list);
    modeler.get('eventBus').on('commandStack.changed', () => this.later());
    this.check();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), QUIET_MS);
  }

  async check() {
    const turn = ++this.asked;
    this.status.textContent = say('checking');
    try {
      const { xml } = await this.modeler.saveXML({ format: true });
      const answer = await fetch(this.settings.checkUrl, {
        method: 'POST', credentials: 'same-origin', redirect: 'manual', headers: { Accept: 'application/json' },
        body: new URLSearchParams({ diagram: xml, csrf_token: this.settings.csrf }),
      });
      if (!answer.ok) throw new Error(`check answered ${answer.status}`);
      const { findings } = await answer.json();
      if (turn === this.asked) this.show(findings);
    } catch (error) {
      console.warn('check', error);
      if (turn === this.asked) this.status.textContent = say('notChecked');
    }
  }

  show(findings) {
    const errors = findings.filter((finding) => finding.error).length;
    this.title.textContent = findings.length ? `${say('problems')} ${findings.length}` : say('problems');
    this.status.textContent = findings.length ? `${say('error')} ${errors}　${say('advice')} ${findings.length - errors}` : say('noProblems');
    this.list.replaceChildren(...findings.map((finding) => this.item(finding)));
    this.mark(findings);
  }

  item(finding) {
    const there = finding.element && this.modeler.get('elementRegistry').get(finding.element);
    const where = finding.name || finding.element || finding.file;
    const text = node('span', { class: 'ed-problem-text', lang: 'ja' }, node('strong', {}, where), ` ${finding.message}${finding.remedy}`);
    const sign = node('span', { class: finding.error ? 'ed-sign ed-sign-error' : 'ed-sign' }, finding.error ? say('error') : say('advice'));
    if (!there) return node('li', {}, sign, text);
    const label = `${say('goTo')}：${where}`;
    return node('li', {}, sign, text, node('button', { type: 'button', class: 'ed-button', 'aria-label': label, click: () => this.goTo(finding.element) }, say('goTo')));
  }

  goTo(id) {
    const element = this.modeler.get('elementRegistry').get(id);
    if (!element) return;
    const canvas = this.modeler.get('canvas');
    if (canvas.zoom() < READABLE) canvas.zoom(READABLE, element.waypoints?.[0] || { x: element.x, y: element.y });
    canvas.scrollToElement(element, { top: 120, right: 200, bottom: 160, left: 340 });
    this.modeler.get('selection').select(element);
    // The panel is drawn anew first.
    setTimeout(() => document.querySelector('.ed-panel [data-field]')?.focus(), 50);
  }

  /** The elements concerned get an outline as well. */
  mark(findings) {
    const canvas = this.modeler.get('canvas');
    const registry = this.modeler.get('elementRegistry');
    for (const id of this.marked || []) if (registry.get(id)) canvas.removeMarker(id, 'ed-wrong');
    this.marked = [...new Set(findings.filter((f) => f.error && f.element).map((f) => f.element))];
    for (const id of this.marked) if (registry.get(id)) canvas.addMarker(id, 'ed-wrong');
  }
}
