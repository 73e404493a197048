// A part of a page that tells how far something is, and asks for itself again while it says so:
//   <section id="progress" data-progress="2000"> … </section>      (milliseconds between two looks)
// The server's answer is the whole page; only the part of the same id is taken from it. While somebody writes in the
// part, or the tab is not seen, it is left as it is.

export function startProgress(root = document) {
  for (const part of root.querySelectorAll('[data-progress]')) watch(part);
}

function watch(part) {
  setTimeout(() => look(part), Number(part.dataset.progress) || 3000);
}

async function look(part) {
  if (!part.isConnected) return;
  if (document.hidden || part.contains(document.activeElement)) {
    watch(part);
    return;
  }
  const fresh = await fetched(part.id);
  if (!fresh) {
    watch(part);
    return;
  }
  part.replaceWith(fresh);
  if (fresh.dataset.progress) watch(fresh);
  else if (!somethingTyped()) location.reload(); // it is finished: the rest of the page has more to offer now
}

function somethingTyped() {
  return [...document.querySelectorAll('main textarea, main input')].some((field) => field.value !== field.defaultValue);
}

async function fetched(id) {
  try {
    const answer = await fetch(location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
    if (!answer.ok || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    return page.getElementById(id);
  } catch {
    return null; // the server cannot be reached just now
  }
}
