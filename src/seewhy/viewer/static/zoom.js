// The zoom dialog: one sample with all its maps, moved and enlarged together.

async function zoom(target) {
  const address = here();
  const before = address.searchParams.get("zoom");
  address.searchParams.set("zoom", target);
  if (before?.split(".")[0] !== target.split(".")[0]) address.searchParams.delete("at");
  address.hash = "";
  const page = await fetchPage(address);
  const fresh = document.importNode(page.getElementById("zoom"), true);
  const open = document.getElementById("zoom");
  if (open) {
    const heading = document.activeElement?.textContent;
    open.replaceChildren(...fresh.childNodes);
    history.replaceState(history.state, "", address);
    const again = [...open.querySelectorAll("a")].find((link) => link.textContent === heading);
    (again || open.querySelector("[data-close]")).focus({ preventScroll: true });
    readView();
  } else {
    history.pushState({ zoomed: true }, "", address);
    main.append(fresh);
    showZoom(fresh);
  }
  keepPicks();
  applyLook();
}

function showZoom(dialog) {
  dialog.removeAttribute("open");
  dialog.showModal();
  dialog.querySelector("[data-close]").focus();
  readView();
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("wheel", turnWheel, { passive: false });
  for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    dialog.addEventListener(kind, movePointer);
  }
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (!here().searchParams.has("zoom")) return;
    if (history.state?.zoomed) {
      lookOfClosed = readLook();
      history.back();
      return;
    }
    const address = here();
    address.searchParams.delete("zoom");
    address.searchParams.delete("at");
    history.replaceState(null, "", address);
    applyLook();
  });
}

// Going back closes the dialog; what was changed in it, such as the opacity, stays.
let lookOfClosed = null;

addEventListener("popstate", () => {
  if (lookOfClosed) history.replaceState(history.state, "", withLook(here(), lookOfClosed));
  lookOfClosed = null;
  const target = here().searchParams.get("zoom");
  const open = document.getElementById("zoom");
  if (target && !open) location.reload();
  else if (!target && open) open.close();
  applyLook();
  keepPicks();
});

// --- Pan and zoom ---------------------------------------------------------------------------------

// Scale, and where the left and top edge of the picture lie, in parts of a tile. The same for all.
const LARGEST = 16;
let view = { scale: 1, x: 0, y: 0 };
const pointers = new Map();

function readView() {
  const [scale, x, y] = (here().searchParams.get("at") || "1_0_0").split("_").map(Number);
  setView(scale || 1, x || 0, y || 0, false);
}

function setView(scale, x, y, keep = true) {
  const size = Math.min(LARGEST, Math.max(1, scale));
  const within = (place) => Math.min(0, Math.max(1 - size, place));
  view = { scale: size, x: within(x), y: within(y) };
  const dialog = document.getElementById("zoom");
  dialog.style.setProperty("--scale", view.scale);
  dialog.style.setProperty("--x", view.x);
  dialog.style.setProperty("--y", view.y);
  dialog.toggleAttribute("data-enlarged", view.scale > 1);
  const reset = dialog.querySelector("[data-magnify='0']");
  if (reset) reset.textContent = `${Math.round(view.scale * 100)} %`;
  clearTimeout(setView.timer);
  if (keep) setView.timer = setTimeout(keepView, 150);
}

function keepView() {
  if (!document.getElementById("zoom")) return;
  const address = here();
  const { scale, x, y } = view;
  if (scale === 1) address.searchParams.delete("at");
  else address.searchParams.set("at", [scale, x, y].map((value) => Number(value.toFixed(3))).join("_"));
  history.replaceState(history.state, "", address);
}

/** Enlarge so that the point (x, y), in parts of a tile, stays where it is. */
function magnify(factor, x = 0.5, y = 0.5) {
  const scale = Math.min(LARGEST, Math.max(1, view.scale * factor));
  const by = scale / view.scale;
  setView(scale, x - (x - view.x) * by, y - (y - view.y) * by);
}

function inTile(tile, event) {
  const box = tile.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height, box };
}

function turnWheel(event) {
  const tile = event.target.closest(".frame");
  // While pictures are whole, the wheel scrolls the dialog as far as it can.
  const scrolls = event.deltaY > 0 || document.getElementById("zoom").scrollTop > 0;
  if (!tile || (view.scale === 1 && scrolls && !event.ctrlKey)) return;
  event.preventDefault();
  const { x, y } = inTile(tile, event);
  const lines = event.deltaMode === 1 ? 30 : 1;
  magnify(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), x, y);
}

function movePointer(event) {
  const tile = event.target.closest(".frame");
  if (event.type === "pointerdown") {
    if (!tile || event.button) return;
    tile.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { tile, ...inTile(tile, event) });
    return;
  }
  const was = pointers.get(event.pointerId);
  if (!was) return;
  if (event.type !== "pointermove") {
    pointers.delete(event.pointerId);
    return;
  }
  const now = inTile(was.tile, event);
  const other = [...pointers].find(([id, one]) => id !== event.pointerId && one.tile === was.tile)?.[1];
  pointers.set(event.pointerId, { tile: was.tile, ...now });
  if (!other) {
    setView(view.scale, view.x + now.x - was.x, view.y + now.y - was.y);
    return;
  }
  const span = (one) => Math.hypot((one.x - other.x) * now.box.width, (one.y - other.y) * now.box.height);
  const middle = (one) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
  magnify(span(now) / Math.max(span(was), 1), middle(was).x, middle(was).y);
  setView(view.scale, view.x + middle(now).x - middle(was).x, view.y + middle(now).y - middle(was).y);
}

addEventListener("dblclick", (event) => {
  const tile = event.target.closest("#zoom .frame");
  if (!tile) return;
  const { x, y } = inTile(tile, event);
  magnify(2, x, y);
});

/** Hide the maps, or show them again. */
function showOriginal(only) {
  document.getElementById("zoom")?.toggleAttribute("data-original", only);
}

addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-magnify]");
  if (!button) return;
  const step = Number(button.dataset.magnify);
  if (step) magnify(step > 0 ? 1.5 : 1 / 1.5);
  else setView(1, 0, 0);
});
for (const kind of ["pointerdown", "pointerup", "pointercancel"]) {
  addEventListener(kind, (event) => {
    if (event.target.closest?.("[data-hold]")) showOriginal(kind === "pointerdown");
    else if (kind !== "pointerdown") showOriginal(false);
  });
}

// --- Keys ------------------------------------------------------------------------------------------

{
  const when = () => Boolean(document.querySelector("#zoom:modal")) && !document.querySelector("#keys");
  const dialog = () => document.getElementById("zoom");
  const label = (step) => {
    const links = [...dialog().querySelectorAll(".labels a")];
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    if (!links[at + step]) return false;
    links[at + step].click();
  };
  const step = (rel, x) => (event) => {
    if (!event.shiftKey) return clickOn(`a[rel=${rel}]`, dialog());
    setView(view.scale, view.x + x, view.y);
  };
  const move = (y) => (event) => {
    if (!event.shiftKey) return false;
    setView(view.scale, view.x, view.y + y);
  };
  registerKeys("Enlarged", [
    { keys: ["ArrowRight", "n"], does: "Next sample", act: step("next", -0.1), when },
    { keys: ["ArrowLeft", "p"], does: "Previous sample", act: step("prev", 0.1), when },
    { keys: ["l"], does: "Next label", act: () => label(1), when },
    { keys: ["h"], does: "Previous label", act: () => label(-1), when },
    { keys: ["+", "="], shown: ["+"], does: "Larger", act: () => magnify(1.5), when },
    { keys: ["-"], does: "Smaller", act: () => magnify(1 / 1.5), when },
    { keys: ["0"], does: "Whole picture", act: () => setView(1, 0, 0), when },
    { keys: ["ArrowUp"], shown: ["Shift", "←", "↑", "→", "↓"], does: "Move the picture", act: move(0.1), when },
    { keys: ["ArrowDown"], does: "", act: move(-0.1), when, unlisted: true },
    { keys: [" "], does: "Hold: the original alone", act: () => showOriginal(true), release: () => showOriginal(false), when },
    { keys: ["y"], does: "Copy the link to this view", act: () => { copyLink(); }, when },
  ]);
  if (dialog()) showZoom(dialog());
}
