// The signing page opens as a dialog over the review; without this it is a page of its own.
const dialog = document.querySelector('#esign');
let opener = null;

// Before the request: while it runs its button is disabled, and a disabled button loses the focus.
document.addEventListener('htmx:beforeRequest', ({ detail }) => {
  if (detail.target === dialog) opener = document.activeElement;
});

document.addEventListener('htmx:afterSwap', ({ detail }) => {
  if (detail.target !== dialog || !dialog.querySelector('#es-h')) return;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector('#es-h').focus();
});

dialog?.addEventListener('click', (event) => {
  if (!event.target.closest('[data-back]')) return;
  event.preventDefault();
  dialog.close();
});

dialog?.addEventListener('close', () => {
  dialog.replaceChildren();
  opener?.focus();
});
