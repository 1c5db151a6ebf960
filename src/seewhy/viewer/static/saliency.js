// Labels and the zoom dialog change without a new page; keys lead from sample to sample.

// --- Parts of the page that another address shows -----------------------------------------------

async function pick(link) {
  const [sample] = link.dataset.pick.split(".");
  const row = document.getElementById(`sample-${sample}`);
  const address = withPlace(here(), placeOf.get(row));
  const others = address.searchParams.getAll("pick").filter((one) => !one.startsWith(`${sample}.`));
  address.searchParams.delete("pick");
  for (const one of [...others, link.dataset.pick]) address.searchParams.append("pick", one);
  const page = await fetchPage(address);
  const fresh = document.importNode(page.getElementById(`sample-${sample}`), true);
  placeOf.set(fresh, placeOf.get(row));
  row.replaceWith(fresh);
  history.replaceState(history.state, "", address);
  keepPicks();
  applyLook();
  document.querySelector(`[data-pick="${CSS.escape(link.dataset.pick)}"]`)?.focus();
}

/** Links that stay on this page carry the labels switched on it. */
function keepPicks() {
  const picks = here().searchParams.getAll("pick");
  for (const link of main.querySelectorAll("a[data-look], a[data-zoom], a[data-close]")) {
    const address = new URL(link.href);
    address.searchParams.delete("pick");
    for (const one of picks) address.searchParams.append("pick", one);
    link.setAttribute("href", (address.search || "?") + address.hash);
  }
}

// --- Events --------------------------------------------------------------------------------------

addEventListener("click", (event) => {
  if (!isPlain(event)) return;
  const link = event.target.closest?.("a");
  if (!link) return;
  const act = (work) => {
    event.preventDefault();
    // Where a script cannot go on, the link itself still leads there.
    work.catch(() => { location.href = link.href; });
  };
  if (link.dataset.look || link.dataset.hide) {
    event.preventDefault();
    clickLook(link);
  } else if (link.dataset.pick) act(pick(link));
  else if (link.dataset.zoom) act(zoom(link.dataset.zoom));
  else if ("close" in link.dataset) {
    event.preventDefault();
    link.closest("dialog").close();
  }
});

// --- Keys ----------------------------------------------------------------------------------------

/** The sample that has the focus, or else the first one in sight. */
function currentSample() {
  const focused = document.activeElement.closest?.(".sample");
  if (focused) return focused;
  const top = document.querySelector(".bar").getBoundingClientRect().bottom;
  return [...main.querySelectorAll(".sample")].find((row) => row.getBoundingClientRect().bottom > top + 40);
}

function goToSample(step) {
  const current = currentSample();
  const focused = document.activeElement.closest?.(".sample");
  const to = focused ? (step > 0 ? current.nextElementSibling : current.previousElementSibling) : current;
  if (!to) return false;
  to.focus();
  to.scrollIntoView({ block: "nearest" });
}

function goToLabel(step) {
  const links = [...(currentSample()?.querySelectorAll(".labels a") || [])];
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  if (!links[at + step]) return false;
  links[at + step].click();
}

function clickOn(selector, place = document) {
  const link = place?.querySelector(selector);
  if (!link) return false;
  link.click();
}

function findLabel() {
  const filters = document.getElementById("filters");
  if (getComputedStyle(filters).display === "none") filters.showPopover();
  document.getElementById("find").select();
}

registerKeys("Samples", [
  { keys: ["j", "ArrowDown"], does: "Next sample", act: () => goToSample(1) },
  { keys: ["k", "ArrowUp"], does: "Previous sample", act: () => goToSample(-1) },
  { keys: ["l", "ArrowRight"], does: "Next label", act: () => goToLabel(1) },
  { keys: ["h", "ArrowLeft"], does: "Previous label", act: () => goToLabel(-1) },
  { keys: ["z", "Enter"], does: "Enlarge", act: () => clickOn("a[data-zoom]", currentSample()) },
  { keys: ["n"], does: "Next page", act: () => clickOn("a[rel=next]", main) },
  { keys: ["p"], does: "Previous page", act: () => clickOn("a[rel=prev]", main) },
  { keys: ["/"], does: "Find a label", act: findLabel },
  { keys: ["y"], does: "Copy the link to this view", act: () => { copyLink(); } },
]);

// --- Start ---------------------------------------------------------------------------------------

{
  applyLook();
  keepPicks();
}
