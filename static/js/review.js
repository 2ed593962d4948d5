// The decision form: what is typed survives a look at a file, a reason is asked for where one is needed.
import './dialog.js';
import './passkey.js';

const form = document.querySelector('form[data-decide]');
const NEEDS_REASON = new Set(['reject', 'send-back']);
const PREFIX = 'draft/';

function kept() {
  const values = [...new FormData(form)].filter(([name]) => name !== 'csrfmiddlewaretoken' && name !== 'seen');
  return JSON.stringify(values);
}

function fill(values) {
  for (const [name, value] of values) {
    const input = form.elements[name];
    if (input) input.value = value;
  }
}

function ask() {
  form.elements.reason.required = NEEDS_REASON.has(form.elements.decision.value);
}

if (form) {
  const place = PREFIX + form.dataset.draft;
  // Only this person's words on this revision stay in this tab; others' are dropped.
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREFIX) && !name.startsWith(PREFIX + form.dataset.draft.split('/')[0])) sessionStorage.removeItem(name);
  }
  const before = sessionStorage.getItem(place);
  if (before && !form.elements.decision.value && !form.elements.reason.value) fill(JSON.parse(before));
  ask();
  form.addEventListener('input', () => { sessionStorage.setItem(place, kept()); ask(); });
  form.addEventListener('change', () => { sessionStorage.setItem(place, kept()); ask(); });
  document.addEventListener('submit', (event) => {
    if (event.target.matches('form[data-once]') && !event.defaultPrevented) sessionStorage.removeItem(place);
  });
}
