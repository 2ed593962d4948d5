// Passkeys: `form[data-passkey]` asks one to answer a challenge, `form[data-passkey-new]` makes one.
import { asked, made } from './passkey_answers.js';

const SENTENCES = {
  NotAllowedError: 'The passkey did not answer, or it was cancelled. Try again, or use another way.',
  InvalidStateError: 'This device has a passkey of yours already. Use another device, or go on with the one you have.',
  SecurityError: 'Passkeys work only at the portal’s own address. Open that address and try again.',
  AbortError: 'The passkey was interrupted. Try again.',
};
const answered = new WeakSet();

function say(form, sentence) {
  let place = form.querySelector('[role="alert"]');
  if (!place) {
    place = document.createElement('div');
    place.setAttribute('role', 'alert');
    form.prepend(place);
  }
  const line = document.createElement('p');
  line.className = 'notice bad';
  line.append(document.createElement('span'), sentence);
  place.replaceChildren(...(sentence ? [line] : []));
}

async function answer(form, submitter) {
  say(form, '');
  form.setAttribute('aria-busy', 'true');
  try {
    if (!window.PublicKeyCredential) throw new DOMException('', 'SecurityError');
    const given = 'passkeyNew' in form.dataset ? await made(form) : await asked(form);
    form.elements.passkey.value = JSON.stringify(given);
    answered.add(form);
    form.requestSubmit(submitter);
  } catch (error) {
    say(form, SENTENCES[error.name] ?? 'The passkey could not be used here. Try again, or use another way.');
  } finally {
    // What is sent was collected by now; a second try asks the passkey again.
    form.removeAttribute('aria-busy');
    answered.delete(form);
    form.elements.passkey.value = '';
  }
}

// In the capture phase: before htmx or the browser send a form whose passkey has not answered yet.
document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  if (answered.has(form)) return;
  const chosen = 'passkey' in form.dataset && submitter?.value === 'passkey';
  if (!chosen && !('passkeyNew' in form.dataset)) return;
  event.preventDefault();
  event.stopPropagation();
  if (!form.hasAttribute('aria-busy')) answer(form, submitter);
}, true);
