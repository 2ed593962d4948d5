// Menus are <details>: they open without a script. Here: one at a time, closed by Escape or a click elsewhere.
const open = () => document.querySelectorAll('details[data-menu][open]');

document.addEventListener('click', (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

document.addEventListener('click', (event) => {
  const act = event.target.closest('[data-act]');
  if (act?.dataset.act === 'close') act.closest('dialog')?.close();
});
