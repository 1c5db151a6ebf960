// How maps are drawn changes without a request: filters and styles do it, no script sees a pixel.

const LOOKS = { ov: "1", box: "0", cut: "1", scale: "map", cmap: "viridis", op: "60", thr: "0", strip: "0" };
const SWITCHES = { ov: ["0", "1"], box: ["0", "1"], cut: ["0", "1"], scale: ["map", "row"] };

function readLook() {
  const given = here().searchParams;
  const look = Object.fromEntries(Object.entries(LOOKS).map(([key, usual]) => [key, given.get(key) || usual]));
  return { ...look, hide: given.getAll("hide") };
}

function withLook(address, look) {
  for (const [key, usual] of Object.entries(LOOKS)) {
    if (look[key] === usual) address.searchParams.delete(key);
    else address.searchParams.set(key, look[key]);
  }
  address.searchParams.delete("hide");
  for (const name of look.hide) address.searchParams.append("hide", name);
  return address;
}

const flipped = (key, value) => SWITCHES[key].find((other) => other !== value);
const toggled = (list, name) => (list.includes(name) ? list.filter((one) => one !== name) : [...list, name]);

/** Draw as `look` says. */
function drawLook(look) {
  const { ov, box, cut, scale, cmap, thr } = look;
  Object.assign(main.dataset, { ov, box, cut, scale, cmap, thr });
  main.style.setProperty("--op", look.op / 100);
  for (const filter of document.querySelectorAll("filter[id$='-cut']")) {
    // As `threshold_cells` of the server has it.
    const level = (cell) => (filter.id === "coolwarm-cut" ? Math.abs(2 * cell - 99) : cell);
    const cells = Array.from({ length: 200 }, (_, cell) => (cell >= 100 && level(cell - 100) >= thr ? 1 : 0));
    filter.querySelector("feFuncA").setAttribute("tableValues", cells.join(" "));
  }
  for (const range of main.querySelectorAll("input[type=range]")) {
    range.value = look[range.name];
    range.form.querySelector("output").textContent = `${look[range.name]} %`;
  }
  const columns = main.querySelectorAll(".bar [data-hide]");
  if (columns.length) {
    const shown = [...columns].filter((link) => !look.hide.includes(link.dataset.hide));
    main.style.setProperty("--n", 1 + shown.length);
    for (const figure of main.querySelectorAll("[data-explainer]")) {
      figure.hidden = look.hide.includes(figure.dataset.explainer);
    }
  }
}

/** Make all links and forms of the page keep the look, and those that change it change it. */
function linkLook(look) {
  for (const link of document.querySelectorAll("a[href^='?']")) {
    const wanted = { ...look };
    const { look: key, hide } = link.dataset;
    if (key === "cmap") {
      wanted.cmap = link.dataset.value;
      markCurrent(link, look.cmap === wanted.cmap);
    } else if (key) {
      wanted[key] = flipped(key, look[key]);
    } else if (hide) {
      wanted.hide = toggled(look.hide, hide);
      markCurrent(link, !look.hide.includes(hide));
    }
    const address = withLook(new URL(link.href), wanted);
    link.setAttribute("href", (address.search || "?") + address.hash);
  }
  for (const form of document.forms) {
    for (const field of form.querySelectorAll("input[type=hidden]")) {
      if (field.name in LOOKS || field.name === "hide") field.remove();
    }
    const pairs = Object.keys(LOOKS).map((key) => [key, look[key]]).filter(([key, value]) => value !== LOOKS[key]);
    for (const [name, value] of [...pairs, ...look.hide.map((one) => ["hide", one])]) {
      if (form.querySelector(`input[type=range][name=${name}]`)) continue;
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
  }
}

function markCurrent(link, current) {
  if (current) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

function applyLook() {
  drawLook(readLook());
  linkLook(readLook());
}

// A slider draws at once; the address and the links follow a few times a second.
const LINK_MILLISECONDS = 150;
let nextLook = null;

function slideLook(change) {
  const look = { ...(nextLook || readLook()), ...change };
  drawLook(look);
  const waiting = nextLook !== null;
  nextLook = look;
  if (waiting) return;
  keepLook();
  setTimeout(() => {
    if (nextLook) keepLook();
    nextLook = null;
  }, LINK_MILLISECONDS);
}

function changeLook(change) {
  nextLook = { ...(nextLook || readLook()), ...change };
  drawLook(nextLook);
  keepLook();
  nextLook = null;
}

function keepLook() {
  const address = withLook(here(), nextLook);
  if (address.href === location.href) return;
  history.replaceState(history.state, "", address);
  linkLook(nextLook);
}

function clickLook(link) {
  const { look: key, hide, value } = link.dataset;
  const look = nextLook || readLook();
  if (hide) changeLook({ hide: toggled(look.hide, hide) });
  else changeLook({ [key]: value || flipped(key, look[key]) });
}

// Where every answer is a long way, the maps of a row come as one picture from the next page on.
const FAR_MILLISECONDS = 200;

addEventListener("load", () => {
  const waits = performance.getEntriesByType("resource").filter((one) => one.transferSize > 0)
    .map((one) => one.responseStart - one.requestStart);
  if (Math.min(...waits) > FAR_MILLISECONDS && waits.length > 3) changeLook({ strip: "1" });
});

addEventListener("input", (event) => {
  if (event.target.matches("input[type=range]") && event.target.name in LOOKS) {
    slideLook({ [event.target.name]: event.target.value });
  }
});
addEventListener("submit", (event) => {
  if (event.target.matches(".slider")) event.preventDefault();
});

{
  const look = () => nextLook || readLook();
  const dialogToo = () => !document.querySelector("dialog:modal:not(#zoom)");
  const opacity = (step) => changeLook({ op: String(Math.min(100, Math.max(0, Number(look().op) + step))) });
  const click = (selector) => {
    const link = document.querySelector(selector);
    if (!link) return false;
    clickLook(link);
  };
  const nextColors = () => {
    const links = [...document.querySelectorAll(".bar [data-look=cmap]")];
    if (!links.length) return false;
    const at = links.findIndex((link) => link.dataset.value === look().cmap);
    changeLook({ cmap: links[(at + 1) % links.length].dataset.value });
  };
  const column = (event) => {
    const link = document.querySelectorAll(".bar [data-hide]")[event.key - 1];
    if (!link) return false;
    clickLook(link);
  };
  registerKeys("Maps", [
    { keys: ["o"], does: "Overlays on or off", act: () => click(".bar [data-look=ov]"), when: dialogToo },
    { keys: ["["], does: "Less opaque", act: () => opacity(-10), when: dialogToo },
    { keys: ["]"], does: "More opaque", act: () => opacity(10), when: dialogToo },
    { keys: ["c"], does: "Next colour map", act: nextColors, when: dialogToo },
    { keys: ["b"], does: "Boxes on or off", act: () => click(".bar [data-look=box]"), when: dialogToo },
    { keys: [..."123456789"], shown: ["1", "…", "9"], does: "Hide or show an explainer", act: column, when: dialogToo },
  ]);
}
