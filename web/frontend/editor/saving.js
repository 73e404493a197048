// Keeps the draft: on the server three seconds after the last change, and on this computer until the server has it.
import { node } from './dom.js';
import { say } from './texts.js';

const QUIET_MS = 3000;
const RETRY_MS = 15000;

export class Saving {
  constructor(modeler, host, settings) {
    Object.assign(this, { modeler, host, settings, revision: settings.revision, dirty: false, sending: false, taken: false });
    this.place = `tsunagu-draft-${settings.draft}`;
    modeler.get('eventBus').on('commandStack.changed', () => this.changed());
    window.addEventListener('beforeunload', (event) => { if (this.dirty) event.preventDefault(); });
  }

  /** What was not saved when this page was left last: {xml, revision}, or null. */
  kept() {
    try {
      return JSON.parse(localStorage.getItem(this.place));
    } catch {
      return null;
    }
  }

  async keep() {
    const { xml } = await this.modeler.saveXML({ format: true });
    try {
      localStorage.setItem(this.place, JSON.stringify({ xml, revision: this.revision }));
    } catch (error) {
      console.warn('not kept on this computer', error);
    }
    return xml;
  }

  forget() {
    try {
      localStorage.removeItem(this.place);
    } catch { /* nothing was kept either */ }
  }

  changed() {
    this.dirty = true;
    this.keep();
    if (this.taken) return;
    this.tell(say('changed'));
    this.later(QUIET_MS);
  }

  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), delay);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.sending || !this.dirty) return;
    this.sending = true;
    this.tell(say('saving'));
    try {
      const xml = await this.keep();
      this.dirty = false;
      await this.answered(await this.send(xml));
    } catch (error) {
      console.warn('save', error);
      this.postpone(say('saveFailed'));
    } finally {
      this.sending = false;
      if (this.dirty && !this.taken) this.later(QUIET_MS);
    }
  }

  send(xml) {
    return fetch(this.settings.saveUrl, {
      method: 'POST', credentials: 'same-origin', redirect: 'manual', headers: { Accept: 'application/json' },
      body: new URLSearchParams({ diagram: xml, seen: this.revision, csrf_token: this.settings.csrf }),
    });
  }

  async answered(answer) {
    if (answer.ok) return this.saved(await answer.json());
    if (answer.status === 409 && answer.headers.get('Content-Type')?.includes('json')) return this.conflict(await answer.json());
    if (answer.type === 'opaqueredirect' || answer.status === 401) return this.postpone(say('signIn'));
    if (answer.status === 422) {
      this.dirty = true;
      return this.tell(say('refused') + ((await answer.json()).message || ''), true);
    }
    return this.postpone(say('saveFailed'));
  }

  saved(told) {
    this.revision = told.revision;
    if (!this.dirty) this.forget();
    for (const field of document.querySelectorAll('input[name=seen]')) field.value = told.revision;
    this.tell(say('saved', { at: told.at, n: told.revision }));
  }

  postpone(text) {
    this.dirty = true;
    this.tell(text, true);
    setTimeout(() => { if (this.dirty && !this.taken) this.save(); }, RETRY_MS);
  }

  tell(text, urgent = false) {
    this.settings.state.textContent = text;
    this.settings.state.classList.toggle('ed-urgent', urgent);
  }

  /** Somebody else saved first: nothing is overwritten; the person sees the differences and chooses. */
  conflict(told) {
    this.taken = true;
    this.dirty = true;
    this.tell(say('taken', { by: told.by, at: told.at }), true);
    const box = node('section', { class: 'ed-taken', role: 'alert', tabindex: '-1' },
      node('h2', {}, say('taken', { by: told.by, at: told.at })),
      node('p', {}, say('takenMore', { n: told.aside })),
      this.differences(told.changes),
      node('p', {},
        node('button', { type: 'button', class: 'ed-button ed-primary', click: () => this.takeMine(told, box) }, say('takeMine')), ' ',
        node('button', { type: 'button', class: 'ed-button', click: () => this.takeTheirs() }, say('takeTheirs'))));
    this.host.before(box);
    box.focus();
  }

  differences(changes) {
    if (!changes) return node('p', {}, say('takenUnread'));
    if (!changes.length) return node('p', {}, say('takenSame'));
    const line = (c) => node('li', { lang: 'ja' }, `${c.kind}　${c.name}　${c.theme}：${c.before || '－'} → ${c.after || '－'}`);
    return node('ul', {}, ...changes.map(line));
  }

  takeMine(told, box) {
    this.revision = told.revision;
    this.taken = false;
    box.remove();
    this.save();
  }

  takeTheirs() {
    this.dirty = false;
    this.forget();
    window.location.reload();
  }
}
