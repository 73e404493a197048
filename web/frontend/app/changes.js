// A line of a page that asks the server whether something has changed since the page was made, and offers to show it:
//   <p role="status" data-changes="/board/changes?since=…"></p>
// The page itself stays as it is until somebody asks: nothing moves under the pointer.

import { lookEvery } from './every.js';

const EVERY = 60000;

export function startChanges(root = document) {
  for (const line of root.querySelectorAll('[data-changes]')) lookEvery(EVERY, line, look);
}

async function look(line) {
  try {
    const answer = await fetch(line.dataset.changes, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
    if (!answer.ok || answer.redirected) return;
    const { text, show } = await answer.json();
    if (!text || line.dataset.said === text) return;
    line.dataset.said = text;
    const link = document.createElement('a');
    link.href = location.href;
    link.textContent = show;
    line.replaceChildren(text, ' ', link);
  } catch {
    // the server cannot be reached just now; it is asked again
  }
}
