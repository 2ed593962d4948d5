// Lists: the preview follows the marked row, and a list that renews itself keeps the mark and the focus.
const marked = () => document.querySelector('.tbl tbody tr[aria-current="true"]');
let kept = null;

function preview(row) {
  const place = document.querySelector('#peek');
  if (place && row?.dataset.peek && place.offsetParent) window.htmx.ajax('GET', row.dataset.peek, { target: '#peek', swap: 'innerHTML' });
}

let later;
document.addEventListener('row:current', ({ target }) => {
  clearTimeout(later);
  later = setTimeout(preview, 120, target);
});

document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (detail.target.id === 'rows') kept = { row: marked()?.id, focus: document.activeElement?.id };
});

document.addEventListener('htmx:afterSettle', () => {
  if (!kept) return;
  const { row, focus } = kept;
  kept = null;
  if (row) document.getElementById(row)?.setAttribute('aria-current', 'true');
  if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus({ preventScroll: true });
});

marked() ?? document.querySelector('#rows tbody tr')?.setAttribute('aria-current', 'true');
