// Keys of the pages of tables; all of them follow links of the page.

/** Follow a link; false if the page has none such. */
function followLink(selector) {
  const link = main.querySelector(selector);
  link?.click();
  return Boolean(link);
}

/** Go to the row so many places on. */
function stepRows(step) {
  const links = [...main.querySelectorAll(".rows tbody th a")];
  if (!links.length) return false;
  const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = links[Math.min(Math.max(at < 0 ? 0 : at + step, 0), links.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

/** Explain the label so many places on. */
function stepLabels(step) {
  const links = [...main.querySelectorAll(":scope > .labels a")];
  const next = links[links.findIndex((link) => link.hasAttribute("aria-current")) + step];
  next?.click();
  return Boolean(next);
}

function findRow() {
  const field = document.getElementById("find-row");
  if (!field?.checkVisibility()) return false;
  field.focus();
  return true;
}

if (main.classList.contains("detail")) {
  registerKeys("Row", [
    { keys: ["ArrowRight", "n"], does: "Next row", act: () => followLink("a[rel=next]") },
    { keys: ["ArrowLeft", "p"], does: "Previous row", act: () => followLink("a[rel=prev]") },
    { keys: ["l"], does: "Next label", act: () => stepLabels(1) },
    { keys: ["h"], does: "Previous label", act: () => stepLabels(-1) },
    { keys: ["Escape"], does: "All rows", act: () => followLink("a[data-rows]") },
  ]);
} else {
  registerKeys("Rows", [
    { keys: ["j"], does: "Next row", act: () => stepRows(1) },
    { keys: ["k"], does: "Previous row", act: () => stepRows(-1) },
    { keys: ["n"], does: "Next page", act: () => followLink("a[rel=next]") },
    { keys: ["p"], does: "Previous page", act: () => followLink("a[rel=prev]") },
    { keys: ["/"], does: "Find a row", act: findRow },
  ]);
}
