// A line that says who else has a draft open and when it was saved last, kept fresh while the page is seen:
//   <p role="status" data-presence="/processes/…/draft/here" data-csrf="…">…</p>
// Each look tells the server that this page is still open. Without the script the line says how it was when it opened.

import { lookEvery } from './every.js';

const EVERY = 20000;

export function startPresence(root = document) {
  for (const line of root.querySelectorAll('[data-presence]')) lookEvery(EVERY, line, look);
}

async function look(line) {
  try {
    const answer = await fetch(line.dataset.presence, {
      method: 'POST', credentials: 'same-origin', redirect: 'manual', headers: { Accept: 'application/json' },
      body: new URLSearchParams({ csrf_token: line.dataset.csrf }),
    });
    if (!answer.ok) return;
    const { text } = await answer.json();
    if (text !== line.textContent) line.textContent = text;
  } catch {
    // the server cannot be reached just now; it is asked again
  }
}
