// The next page is added when the end of this one is near. The address says which page is in sight
// and which sample is at the top, so that reloading, going back and copied links lead there.

const MOST_SAMPLES = 1000;
const PLACES = ["after", "before"];
const list = document.querySelector(".samples");
const pager = document.querySelector(".samples ~ .pager");
/** Of each sample, the `after` or `before` of the page that it came with. */
const placeOf = new WeakMap();

const placeIn = (address) => PLACES.map((key) => [key, address.searchParams.get(key)]).find(([, value]) => value) || [];

function withPlace(address, [key, value] = []) {
  for (const name of PLACES) address.searchParams.delete(name);
  if (key) address.searchParams.set(key, value);
  return address;
}

for (const row of list?.children || []) placeOf.set(row, placeIn(here()));

async function loadMore() {
  const link = pager.querySelector("a[rel=next]");
  if (!link || list.children.length >= MOST_SAMPLES) return;
  const address = new URL(link.href);
  const page = await fetchPage(address);
  if (!page.querySelector(".samples")) return;
  const place = placeIn(address);
  for (const row of [...page.querySelector(".samples").children]) {
    if (document.getElementById(row.id)) continue;
    const fresh = document.importNode(row, true);
    placeOf.set(fresh, place);
    list.append(fresh);
  }
  const next = page.querySelector(".samples ~ .pager a[rel=next]");
  if (next) link.setAttribute("href", next.getAttribute("href"));
  else link.remove();
  const counted = page.querySelector(".count strong").textContent.split(" of ")[1];
  document.querySelector(".count strong").textContent = `${list.children.length.toLocaleString("en")} of ${counted}`;
  history.scrollRestoration = "manual";
  applyLook();
  keepPicks();
  nearEnd.observe(pager);
}

const nearEnd = new IntersectionObserver((entries) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  nearEnd.disconnect();
  // Where this fails, the link is still there.
  loadMore().catch(() => {});
}, { rootMargin: "0px 0px 1500px" });

// --- The place in sight ----------------------------------------------------------------------------

function topSample() {
  const rows = list.children;
  const top = document.querySelector(".bar").getBoundingClientRect().bottom + 40;
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  return rows[low];
}

function keepPlace() {
  // On a single page, the browser itself comes back to the right spot.
  if (history.scrollRestoration !== "manual" || document.getElementById("zoom")) return;
  const row = topSample();
  const address = withPlace(here(), placeOf.get(row));
  address.hash = row.id;
  if (address.href === location.href) return;
  history.replaceState(history.state, "", address);
}

if (list) {
  const row = here().hash.startsWith("#sample-") && document.getElementById(here().hash.slice(1));
  if (row) {
    // Browsers do not go to it when the page is loaded anew; rows get their true heights in between.
    const go = () => row.scrollIntoView({ block: "start", behavior: "instant" });
    go();
    addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(go)), { once: true });
  }
  nearEnd.observe(pager);
  let waiting = null;
  addEventListener("scroll", () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      keepPlace();
    }, 250);
  }, { passive: true });
}
