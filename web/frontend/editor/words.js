// Words of the library in the language of the page: its translate service, and what token simulation writes itself.
import library from './ja.json';
import simulation from './ja-simulation.json';

export const japanese = () => !document.documentElement.lang.startsWith('en');

function translate(template, replacements = {}) {
  const text = (japanese() && library[template]) || template;
  return text.replace(/{([^}]+)}/g, (_, key) => replacements[key] ?? `{${key}}`);
}

export const translateModule = { translate: ['value', translate] };

const ENDING = /^(.*) (started|finished|canceled)$/;

/** Token simulation has no translate service: what it puts into the page is put into Japanese as it appears. */
export function translateSimulation(container) {
  if (!japanese()) return;
  const watch = new MutationObserver(() => put());
  const settings = { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['title', 'aria-label'] };
  function put() {
    watch.disconnect();
    for (const part of container.querySelectorAll('[class*="bts-"]')) inJapanese(part);
    watch.observe(container, settings);
  }
  put();
}

function inJapanese(part) {
  for (const node of [part, ...part.querySelectorAll('[title], [aria-label]')]) {
    for (const name of ['title', 'aria-label']) {
      const text = node.getAttribute(name);
      const found = text && inWords(text);
      if (found && found !== text) node.setAttribute(name, found);
    }
  }
  for (const node of part.childNodes) {
    if (node.nodeType !== Node.TEXT_NODE) continue;
    const found = inWords(node.data.trim());
    if (found && found !== node.data.trim()) node.data = found;
  }
}

function inWords(text) {
  if (Object.hasOwn(simulation, text)) return simulation[text];
  const [, what, end] = ENDING.exec(text) || [];
  return end ? `${simulation[what] || what}：${simulation[end]}` : text;
}
