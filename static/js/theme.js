// Light or dark at once; without this module the same form asks the server for it.
import { keep } from './cookie.js';

const root = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');

document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-theme-form]')) return;
  event.preventDefault();
  const now = root.dataset.theme || (dark.matches ? 'dark' : 'light');
  root.dataset.theme = now === 'dark' ? 'light' : 'dark';
  keep('theme', root.dataset.theme);
});
