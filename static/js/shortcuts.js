// The dialog of keys: what every page knows, and what this one adds by data-key and data-key-link.
const dialog = document.querySelector('[data-shortcuts-dialog]');

function row(key, words) {
  const term = document.createElement('dt');
  const cap = document.createElement('kbd');
  cap.textContent = key.toUpperCase();
  term.append(cap);
  const told = document.createElement('dd');
  told.textContent = words;
  return [term, told];
}

function words(element) {
  const label = element.labels?.[0] ?? element;
  const copy = label.cloneNode(true);
  for (const each of copy.querySelectorAll('kbd, .vh')) each.remove();
  return element.dataset.keyWords || element.getAttribute('aria-label') || copy.textContent.trim();
}

export function help() {
  if (!dialog) return;
  const own = document.querySelectorAll('[data-key], [data-key-link]');
  const rows = [...own].flatMap((each) => row(each.dataset.key || each.dataset.keyLink, words(each)));
  dialog.querySelector('[data-page-keys]').replaceChildren(...rows);
  dialog.showModal();
  dialog.querySelector('h2').focus();
}

for (const opener of document.querySelectorAll('[data-act="shortcuts"]')) {
  opener.hidden = false;
  opener.addEventListener('click', help);
}
