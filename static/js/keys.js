// Single keys (WCAG 2.1.4): silent while somebody types or a dialog is open, and off with data-shortcuts="off".
import { help } from './shortcuts.js';

const TYPING = 'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]';
const off = () => document.documentElement.dataset.shortcuts === 'off';

function move(step) {
  const rows = [...document.querySelectorAll('.tbl tbody tr')].filter((row) => row.querySelector('a'));
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  for (const row of rows) row.removeAttribute('aria-current');
  next.setAttribute('aria-current', 'true');
  next.querySelector('a').focus();
  next.dispatchEvent(new CustomEvent('row:current', { bubbles: true }));
}

function choose(key) {
  const wanted = CSS.escape(key);
  const option = document.querySelector(`[data-key="${wanted}"]`);
  if (option && !option.disabled) {
    option.checked = true;
    option.focus();
    option.dispatchEvent(new Event('change', { bubbles: true }));
    return true;
  }
  const link = document.querySelector(`[data-key-link="${wanted}"]`);
  if (link && link.getAttribute('aria-disabled') !== 'true') link.click();
  return Boolean(link);
}

const ACTS = {
  j: () => move(1),
  k: () => move(-1),
  '/': () => document.querySelector('[data-key-find]')?.focus(),
  '?': help,
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !'jk'.includes(event.key)) return;
  if (off() || event.target.closest(TYPING) || document.querySelector('dialog[open]')) return;
  const key = event.key.toLowerCase();
  if (ACTS[key]) {
    ACTS[key]();
    event.preventDefault();
  } else if (key.length === 1 && choose(key)) event.preventDefault();
});
