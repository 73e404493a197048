// While a person is written down: cases that may be about the same one, below the fields that were typed.
//   <section data-same-person="/intake/same" hidden aria-live="polite"> … </section>   inside the form
// What was typed goes by POST, so that no name stands in an address; the answer is a part of a page, made by the server.

const QUIET_MS = 600;
const FIELDS = ['name', 'name_kana', 'birth'];

export function startSamePerson(root) {
  for (const part of root.querySelectorAll('[data-same-person]')) watch(part, part.closest('form'));
}

function watch(part, form) {
  const fields = FIELDS.map((name) => form?.elements.namedItem(name)).filter((field) => field instanceof HTMLInputElement);
  if (!fields.length) return;
  const state = { timer: undefined, asked: 0 };
  const last = fields.filter((field) => field.name !== 'birth').pop() || fields[0];
  (last.closest('.field') || last).after(part);
  for (const field of fields) {
    field.addEventListener('input', (event) => {
      clearTimeout(state.timer);
      if (event.isComposing) return;
      state.timer = setTimeout(() => look(part, form, state), QUIET_MS);
    });
    field.addEventListener('compositionend', () => {
      clearTimeout(state.timer);
      state.timer = setTimeout(() => look(part, form, state), QUIET_MS);
    });
  }
}

async function look(part, form, state) {
  const turn = ++state.asked;
  const typed = new FormData();
  for (const name of ['csrf_token', ...FIELDS]) typed.set(name, form.elements.namedItem(name)?.value || '');
  try {
    const answer = await fetch(part.dataset.samePerson, { method: 'POST', body: typed, credentials: 'same-origin', redirect: 'error' });
    if (turn !== state.asked || !answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html');
    part.replaceChildren(...found.body.childNodes);
    part.hidden = !part.childElementCount;
  } catch {
    // it is only a hint: the check after the intake finds the same cases
  }
}
