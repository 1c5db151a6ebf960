// Weights act at once, and links of the page change it without loading it anew.

const USUAL_WEIGHT = 50;

/** Shares of weights in whole per cent that add up to 100, by the largest remainders. */
function percent(weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!sum) return weights.map(() => 0);
  const shares = weights.map((weight) => Math.floor((100 * weight) / sum));
  const rest = (i) => (100 * weights[i]) % sum;
  const order = weights.map((_, i) => i).sort((a, b) => rest(b) - rest(a));
  const left = 100 - shares.reduce((a, b) => a + b, 0);
  for (const i of order.slice(0, left)) shares[i] += 1;
  return shares;
}

/** Weighted mean of the values that there are. */
function total(values, weights) {
  let sum = 0, weight = 0;
  values.forEach((value, i) => {
    if (value === null) return;
    sum += weights[i] * value;
    weight += weights[i];
  });
  return weight > 0 ? sum / weight : null;
}

const weightRows = () => [...document.querySelectorAll(".weights [data-metric]")];
const numberOf = (row) => row.querySelector("[type=number]");
const weightOf = (row) => Math.min(Math.max(Math.round(numberOf(row).value) || 0, 0), 100);

function totals(row, weights) {
  const cells = [...row.querySelectorAll(".metric")];
  const read = (key) => cells.map((cell) => (key in cell.dataset ? Number(cell.dataset[key]) : null));
  const known = cells.every((cell, i) => !weights[i] || !("worth" in cell.dataset) || "low" in cell.dataset);
  return {
    row,
    score: total(read("worth"), weights),
    low: known ? total(read("low"), weights) : null,
    high: known ? total(read("high"), weights) : null,
  };
}

function drawTotal({ row, score, low, high }) {
  const strip = row.querySelector(".total");
  const at = (value) => `${(100 * (value ?? 0)).toFixed(2)}%`;
  strip.querySelector(".bar").setAttribute("width", at(score));
  const [line, left, right] = strip.querySelectorAll("svg .interval line");
  for (const [part, x1, x2] of [[line, low, high], [left, low, low], [right, high, high]]) {
    part.setAttribute("x1", at(x1));
    part.setAttribute("x2", at(x2));
  }
  strip.querySelector("b").textContent = score === null ? "–" : score.toFixed(3);
  strip.querySelector(".numbers .interval").textContent =
    low === null ? "" : `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function applyWeights() {
  const rows = weightRows();
  const weights = rows.map(weightOf);
  percent(weights).forEach((share, i) => { rows[i].querySelector("output").textContent = `${share} %`; });
  const table = document.querySelector(".ranking table");
  const found = [...table.tBodies[0].rows].map((row) => totals(row, weights));
  const scores = found.map((of) => of.score).filter((score) => score !== null);
  for (const of of found) {
    drawTotal(of);
    const ahead = scores.filter((score) => score > of.score + 1e-12).length;
    of.row.querySelector(".place").textContent = of.score === null ? "–" : ahead + 1;
  }
  document.querySelector(".unweighted").hidden = weights.some((weight) => weight > 0);
  const sign = { score: 1, "-score": -1 }[table.dataset.rank];
  if (!sign) return;
  const place = (of) => (of.score === null ? -Infinity : sign * of.score);
  found.sort((a, b) => place(b) - place(a));
  table.tBodies[0].append(...found.map((of) => of.row));
}

/** The address with the weights of the form, which all links of the page then carry. */
function weighted(address) {
  const url = new URL(address, here());
  for (const key of [...url.searchParams.keys()]) if (key.startsWith("w.")) url.searchParams.delete(key);
  for (const row of weightRows()) {
    const weight = weightOf(row);
    if (weight !== USUAL_WEIGHT) url.searchParams.set(`w.${row.dataset.metric}`, weight);
  }
  return url;
}

function showWeights(url) {
  for (const row of weightRows()) {
    const weight = url.searchParams.get(`w.${row.dataset.metric}`) ?? USUAL_WEIGHT;
    for (const input of row.querySelectorAll("input")) input.value = weight;
  }
  applyWeights();
}

// --- Without loading the page anew ---------------------------------------------------------------

let shown = here().search;

async function showState(url, push) {
  const focus = document.activeElement;
  try {
    const fresh = await fetchPage(url.pathname + url.search);
    main.replaceChildren(...fresh.getElementById("content").childNodes);
  } catch { return location.assign(url); }
  if (push) history.pushState(null, "", url.pathname + url.search);
  shown = url.search;
  showWeights(url);
  if (focus && !focus.isConnected) {
    const again = focus.id ? document.getElementById(focus.id)
      : [...main.querySelectorAll("a")].find((link) => link.textContent === focus.textContent);
    again?.focus({ preventScroll: true });
  }
  if (url.hash === "#samples") document.getElementById("samples")?.scrollIntoView({ block: "start" });
}

addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="?"]');
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  const equal = "equal" in link.dataset;
  if (!equal) return showState(weighted(link.getAttribute("href")), true);
  for (const row of weightRows()) for (const input of row.querySelectorAll("input")) input.value = USUAL_WEIGHT;
  keepWeights();
});

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-weights]")) {
    event.preventDefault();
    keepWeights();
  } else if (form.matches("[data-choices]")) {
    event.preventDefault();
    const url = here();
    const pairs = [...new FormData(form)].filter(([, value]) => value);
    url.search = new URLSearchParams(pairs);
    showState(weighted(url), true);
  }
});

addEventListener("change", (event) => event.target.closest("[data-choices] select")?.form.requestSubmit());

// --- Weights -------------------------------------------------------------------------------------

function keepWeights() {
  applyWeights();
  const url = weighted(here());
  if (url.search !== here().search) history.pushState(null, "", url);
  shown = url.search;
}

for (const row of weightRows()) {
  const number = numberOf(row);
  const range = row.querySelector("[type=range]");
  range.hidden = false;
  for (const [from, to] of [[range, number], [number, range]]) {
    from.addEventListener("input", () => {
      to.value = from.value;
      applyWeights();
    });
    from.addEventListener("change", () => {
      number.value = weightOf(row);
      keepWeights();
    });
  }
}

registerKeys("Scores", [
  { keys: ["w"], does: "To the weights", act: toWeights },
  { keys: ["e"], does: "Equal weights", act: () => document.querySelector("[data-equal]")?.click() },
  { keys: ["/"], does: "Find a label", act: () => document.getElementById("find")?.focus() },
  { keys: ["n"], does: "Next labels", act: () => document.querySelector("a[rel=next]")?.click() },
  { keys: ["p"], does: "Previous labels", act: () => document.querySelector("a[rel=prev]")?.click() },
  { keys: ["s"], does: "To the samples", act: () => document.getElementById("samples")?.scrollIntoView() },
]);

function toWeights() {
  const sheet = document.getElementById("weights");
  if (sheet && getComputedStyle(sheet).display === "none") sheet.showPopover();
  sheet?.querySelector("[type=range]").focus();
}

// On a small screen the weights are a sheet: what they change goes above it.
document.getElementById("weights")?.addEventListener("toggle", (event) => {
  if (event.newState === "open") document.querySelector(".ranking .wide").scrollIntoView();
});

addEventListener("popstate", () => {
  const url = here();
  if (url.search === shown) return;
  const without = (search) => [...new URLSearchParams(search)].filter(([key]) => !key.startsWith("w.")).join();
  if (without(url.search) === without(shown)) showWeights(url);
  else showState(url, false);
  shown = url.search;
});
