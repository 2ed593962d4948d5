// Drafts: a fault leads to its line in the text, which is marked; without this the line is quoted beside the fault.
function place(text, line, column) {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const whole = lines[line - 1] ?? '';
  return { from: before + Math.min(column - 1, whole.length), to: before + whole.length, share: (line - 1) / lines.length };
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-line]');
  const field = link && document.querySelector(link.hash);
  if (!field) return;
  event.preventDefault();
  const { from, to, share } = place(field.value, Number(link.dataset.line), Number(link.dataset.column));
  field.focus();
  field.setSelectionRange(from, Math.max(to, from));
  field.scrollTop = share * field.scrollHeight - field.clientHeight / 2;
});
