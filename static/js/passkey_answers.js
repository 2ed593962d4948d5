// What goes to a passkey and what comes back, as JSON with base64url, the way the server reads it.
const plain = (text) => atob(text.replaceAll('-', '+').replaceAll('_', '/'));
const bytes = (text) => Uint8Array.from(plain(text), (each) => each.charCodeAt(0));
const safe = (text) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const text = (buffer) => safe(btoa(String.fromCharCode(...new Uint8Array(buffer))));
const named = (ids) => ids.map((id) => ({ type: 'public-key', id: bytes(id) }));

export async function asked(form) {
  const { challenge, credentials = '', rpId } = form.dataset;
  const publicKey = {
    challenge: bytes(challenge), rpId, userVerification: 'required', timeout: 120000,
    allowCredentials: named(credentials.split(' ').filter(Boolean)),
  };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  return {
    id, rawId: text(rawId), type,
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

export async function made(form) {
  const options = JSON.parse(form.dataset.options);
  const publicKey = {
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials.map(({ id }) => id)), timeout: 120000,
    extensions: { credProps: true },
  };
  const credential = await navigator.credentials.create({ publicKey });
  return {
    id: credential.id, rawId: text(credential.rawId), type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      clientDataJSON: text(credential.response.clientDataJSON),
      attestationObject: text(credential.response.attestationObject),
    },
  };
}
