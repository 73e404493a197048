// Small conveniences on top of pages that work without any script. Each looks for its own data attribute
// (see ../README.md) and leaves every other page alone.
import { startChanges } from './changes.js';
import { startDrafts } from './drafts.js';
import { startKeys } from './keys.js';
import { startPresence } from './presence.js';
import { startPrinting } from './printing.js';
import { startProgress } from './progress.js';
import { startRules } from './rules.js';
import { startSamePerson } from './samePerson.js';
import { focusErrorSummary, keepWhileOffline, preventSecondSubmit } from './submitting.js';

function start(root) {
  startRules(root);
  startDrafts(root);
  startSamePerson(root);
}

start(document);
startKeys();
startPrinting();
startPresence();
startProgress();
startChanges();
keepWhileOffline();
preventSecondSubmit();
focusErrorSummary();
document.addEventListener('htmx:after:swap', () => start(document));
