// Looks change without a request, labels and the zoom dialog without a new page.

const LOOKS = { ov: "1", box: "0", cut: "1", cmap: "viridis", op: "60" };

// --- Look: overlays, boxes, colour map, opacity -------------------------------------------------

function readLook() {
  const given = here().searchParams;
  return Object.fromEntries(Object.entries(LOOKS).map(([key, usual]) => [key, given.get(key) || usual]));
}

function withLook(address, look) {
  for (const [key, usual] of Object.entries(LOOKS)) {
    if (look[key] === usual) address.searchParams.delete(key);
    else address.searchParams.set(key, look[key]);
  }
  return address;
}

/** Draw as the address says, and make all links and forms of the page keep it so. */
function applyLook() {
  const look = readLook();
  Object.assign(main.dataset, { ov: look.ov, box: look.box, cut: look.cut, cmap: look.cmap });
  main.style.setProperty("--op", look.op / 100);
  for (const range of document.querySelectorAll("input[name=op]")) {
    if (range.type === "hidden") continue;
    range.value = look.op;
    range.form.querySelector("output").textContent = `${look.op} %`;
  }
  for (const link of document.querySelectorAll("a[href^='?']")) {
    const wanted = { ...look };
    const key = link.dataset.look;
    if (key === "cmap") {
      wanted.cmap = link.dataset.value;
      link.toggleAttribute("aria-current", false);
      if (look.cmap === wanted.cmap) link.setAttribute("aria-current", "true");
    } else if (key) {
      wanted[key] = look[key] === "1" ? "0" : "1";
    }
    const address = withLook(new URL(link.href), wanted);
    link.setAttribute("href", (address.search || "?") + address.hash);
  }
  for (const form of document.forms) {
    for (const [key, usual] of Object.entries(LOOKS)) {
      let field = form.querySelector(`input[type=hidden][name=${key}]`);
      if (look[key] === usual || form.querySelector(`input[type=range][name=${key}]`)) {
        field?.remove();
        continue;
      }
      if (!field) {
        field = Object.assign(document.createElement("input"), { type: "hidden", name: key });
        form.append(field);
      }
      field.value = look[key];
    }
  }
}

function changeLook(change) {
  history.replaceState(history.state, "", withLook(here(), { ...readLook(), ...change }));
  applyLook();
}

// --- Parts of the page that another address shows -----------------------------------------------

async function pick(link) {
  const [sample] = link.dataset.pick.split(".");
  const address = here();
  const others = address.searchParams.getAll("pick").filter((one) => !one.startsWith(`${sample}.`));
  address.searchParams.delete("pick");
  for (const one of [...others, link.dataset.pick]) address.searchParams.append("pick", one);
  address.hash = "";
  const page = await fetchPage(address);
  document.getElementById(`sample-${sample}`).replaceWith(page.getElementById(`sample-${sample}`));
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

async function zoom(target) {
  const address = here();
  address.searchParams.set("zoom", target);
  address.hash = "";
  const page = await fetchPage(address);
  const fresh = document.importNode(page.getElementById("zoom"), true);
  const open = document.getElementById("zoom");
  if (open) {
    const heading = document.activeElement?.textContent;
    open.replaceChildren(...fresh.childNodes);
    history.replaceState(history.state, "", address);
    const again = [...open.querySelectorAll("a")].find((link) => link.textContent === heading);
    (again || open.querySelector("[data-close]")).focus();
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
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
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
    history.replaceState(null, "", address);
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
  if (link.dataset.look) {
    event.preventDefault();
    const key = link.dataset.look;
    changeLook({ [key]: link.dataset.value || (readLook()[key] === "1" ? "0" : "1") });
  } else if (link.dataset.pick) act(pick(link));
  else if (link.dataset.zoom) act(zoom(link.dataset.zoom));
  else if ("close" in link.dataset) {
    event.preventDefault();
    link.closest("dialog").close();
  }
});

addEventListener("input", (event) => {
  if (event.target.name === "op") changeLook({ op: event.target.value });
});
addEventListener("submit", (event) => {
  if (event.target.matches(".opacity")) event.preventDefault();
});

// --- Start ---------------------------------------------------------------------------------------

{
  const dialog = document.getElementById("zoom");
  if (dialog) showZoom(dialog);
  applyLook();
  keepPicks();
}
