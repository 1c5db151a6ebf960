// Previous and next row by the arrow keys, the list by Escape.
addEventListener("keydown", (event) => {
  if (!isPlain(event) || event.defaultPrevented) return;
  if (event.target.closest?.("input, select, textarea, [role=region]")) return;
  document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`)?.click();
});
