// Moments of a search without a new page; samples and labels without leaving it.

const PLAY_MILLISECONDS = 700;
const SVG = "http://www.w3.org/2000/svg";

let moments = [];
let moment = 0;
let playing = 0;
let asked = 0;

// --- Moments -------------------------------------------------------------------------------------

function drawBoxes(group, boxes) {
  group?.replaceChildren(...boxes.map(([x, y, width, height]) => {
    const rect = document.createElementNS(SVG, "rect");
    for (const [key, value] of Object.entries({ x, y, width, height })) rect.setAttribute(key, value);
    return rect;
  }));
}

/** Show a moment, and make the address and all links say so. */
function showMoment(at) {
  moment = Math.min(Math.max(at, 0), moments.length - 1);
  const { boxes, box, href, title, caption } = moments[moment];
  drawBoxes(document.querySelector("#original .outlines"), boxes);
  drawBoxes(document.querySelector("#original .own"), box ? [box] : []);
  drawBoxes(document.getElementById("edited"), boxes);
  document.getElementById("moment-title").textContent = title;
  document.getElementById("moment-caption").textContent = caption;
  const scrub = document.getElementById("scrub");
  scrub.value = moment;
  scrub.setAttribute("aria-valuetext", title);
  for (const link of main.querySelectorAll("[data-moment]")) {
    const current = Number(link.dataset.moment) === moment;
    if (!current) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "true");
      keepInSight(link);
      if (link.dataset.x) for (const end of ["x1", "x2"]) document.querySelector("#curve .now").setAttribute(end, link.dataset.x);
    }
  }
  for (const link of main.querySelectorAll("[data-by]")) {
    const to = Math.min(Math.max(moment + Number(link.dataset.by), 0), moments.length - 1);
    link.setAttribute("href", withSwipe(moments[to].href));
  }
  history.replaceState(history.state, "", new URL(withSwipe(href), here()));
  keepForm();
  keepTwins();
}

/** The JSON and CSV beside the page are those of what is shown. */
function keepTwins() {
  for (const link of main.querySelectorAll(".twins a")) link.search = here().search;
}

/** Scroll a list sideways, and only the list, until an entry of it is seen. */
function keepInSight(link) {
  const list = link.closest(".strip, .rail ol");
  if (!list) return;
  const entry = link.parentElement;
  const left = entry.offsetLeft;
  if (left < list.scrollLeft || left + entry.offsetWidth > list.scrollLeft + list.clientWidth) {
    list.scrollLeft = left - (list.clientWidth - entry.offsetWidth) / 2;
  }
}

function play(on) {
  clearInterval(playing);
  playing = 0;
  const button = main.querySelector("[data-play]");
  if (button) {
    button.textContent = on ? "Pause" : "Play";
    button.setAttribute("aria-pressed", String(on));
  }
  if (!on) return;
  if (moment === moments.length - 1) showMoment(0);
  playing = setInterval(() => {
    showMoment(moment + 1);
    if (moment === moments.length - 1) play(false);
  }, PLAY_MILLISECONDS);
}

// --- Swipe ---------------------------------------------------------------------------------------

const swipeNow = () => here().searchParams.get("swipe") || "0";

function withSwipe(href, swipe = swipeNow()) {
  const address = new URL(href, here());
  if (swipe === "0") address.searchParams.delete("swipe");
  else address.searchParams.set("swipe", swipe);
  return (address.search || "?") + address.hash;
}

function showSwipe(swipe) {
  main.querySelector(".swiped")?.style.setProperty("--swipe", swipe);
  history.replaceState(history.state, "", new URL(withSwipe(here(), swipe), here()));
  for (const link of document.querySelectorAll("a[href^='?']")) link.setAttribute("href", withSwipe(link.href, swipe));
  keepTwins();
}

/** The form that works without scripts leads to the moment that is shown. */
function keepForm() {
  const form = main.querySelector("form.swipe");
  for (const field of form.querySelectorAll("input[type=hidden]")) field.remove();
  for (const [name, value] of here().searchParams) {
    if (name !== "swipe") form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
}

// --- Samples and labels --------------------------------------------------------------------------

async function go(address, keep) {
  const number = ++asked;
  play(false);
  const page = await fetchPage(address);
  if (number !== asked) return;
  const [fresh, rail, bar] = ["#view", "#rail", ".bar"].map((part) => page.querySelector(part));
  const open = document.getElementById("view");
  if (!fresh || !rail || !open) throw new Error("another page");
  const focus = open.contains(document.activeElement) && document.activeElement.dataset.go;
  const scrolled = document.querySelector("#rail ol").scrollLeft;
  const pressed = document.getElementById("rail").contains(document.activeElement);
  fresh.querySelector(".explain")?.toggleAttribute("open", Boolean(open.querySelector(".explain")?.open));
  open.replaceWith(document.importNode(fresh, true));
  document.getElementById("rail").replaceWith(document.importNode(rail, true));
  main.querySelector(".bar .count").replaceWith(document.importNode(bar.querySelector(".count"), true));
  document.querySelector("#rail ol").scrollLeft = scrolled;
  if (keep) history.pushState(null, "", address);
  start();
  const again = pressed ? "#rail [aria-current]" : focus === "label" ? "#view .labels [aria-current]" : focus && `#view [data-go="${focus}"]`;
  if (again) document.querySelector(again)?.focus({ preventScroll: true });
}

function goTo(link) {
  go(new URL(link.href), true).catch(() => {
    if (document.documentElement.matches(".exported")) say("This file holds no other label or sample");
    else location.href = link.href;
  });
}

function stepLabel(by) {
  const labels = [...main.querySelectorAll("#view .labels a")];
  const at = labels.findIndex((link) => link.hasAttribute("aria-current"));
  labels[at + by]?.click();
}

// --- Events --------------------------------------------------------------------------------------

addEventListener("click", (event) => {
  if (!isPlain(event)) return;
  if (event.target.closest?.("[data-play]")) {
    play(!playing);
    return;
  }
  const link = event.target.closest?.("a");
  if (!link) return;
  const { moment: to, by, go: target } = link.dataset;
  if (to === undefined && by === undefined && target === undefined) return;
  event.preventDefault();
  if (target !== undefined) goTo(link);
  else {
    play(false);
    showMoment(to === undefined ? moment + Number(by) : Number(to));
  }
});

addEventListener("input", (event) => {
  if (event.target.id === "scrub") {
    play(false);
    showMoment(Number(event.target.value));
  } else if (event.target.name === "swipe") showSwipe(event.target.value);
});
addEventListener("submit", (event) => {
  if (event.target.matches("form.swipe")) event.preventDefault();
});

function light(event) {
  const link = event.target.closest?.(".tree a");
  drawBoxes(document.querySelector("#original .lit"), link ? [link.dataset.box.split(",")] : []);
}
addEventListener("pointerover", light);
addEventListener("focusin", light);

addEventListener("popstate", () => {
  go(location.href, false).catch(() => location.reload());
});

// --- Keys ----------------------------------------------------------------------------------------

const press = (selector) => () => main.querySelector(selector)?.click();

/** Only where there is a search to go through; else the key keeps its usual meaning. */
const during = (work) => () => (moments.length ? work() : false);

registerKeys("Search", [
  { keys: ["ArrowLeft"], does: "Step back", act: during(() => showMoment(moment - 1)) },
  { keys: ["ArrowRight"], does: "Step on", act: during(() => showMoment(moment + 1)) },
  { keys: ["Home"], does: "Start of the search", act: during(() => showMoment(0)) },
  { keys: ["End"], does: "The region", act: during(() => showMoment(moments.length - 1)) },
  { keys: [" "], does: "Play, or pause", act: during(() => play(!playing)) },
]);

registerKeys("Samples", [
  { keys: ["n"], does: "Next sample", act: press("#view [rel=next]") },
  { keys: ["p"], does: "Previous sample", act: press("#view [rel=prev]") },
  { keys: ["h"], does: "Label before", act: () => stepLabel(-1) },
  { keys: ["l"], does: "Label after", act: () => stepLabel(1) },
]);

// --- Start ---------------------------------------------------------------------------------------

function start() {
  const data = document.getElementById("moments");
  moments = data ? JSON.parse(data.textContent) : [];
  moment = Number(document.getElementById("scrub")?.value || 0);
  for (const link of document.querySelectorAll(".rail [aria-current], .strip [aria-current]")) keepInSight(link);
  keepTwins();
}

start();
