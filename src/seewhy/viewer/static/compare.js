// Two jobs side by side: the address follows what each frame shows, and a view can be copied.

const frames = ["left", "right"].map((side) => document.getElementById(side));

/** Page and query string that a frame shows, below its job; "" while it loads or is elsewhere. */
function shown(frame) {
  const { pathname, search } = frame.contentWindow.location;
  const found = pathname.match(/\/j\/[^/]+\/([a-z]+)$/);
  return found ? found[1] + search : "";
}

function note() {
  const address = here();
  for (const frame of frames) {
    const page = shown(frame);
    if (page) address.searchParams.set(`${frame.id}_page`, page);
  }
  if (address.href === location.href) return;
  history.replaceState(null, "", address);
  const swap = document.querySelector(".pages a");
  const pairs = new URLSearchParams();
  for (const [key, value] of address.searchParams) {
    pairs.set(key.startsWith("left") ? key.replace("left", "right") : key.replace("right", "left"), value);
  }
  swap.href = `?${pairs}`;
}

// Filters inside a frame change its address without loading it anew.
setInterval(note, 500);

for (const button of document.querySelectorAll("[data-copy-view]")) {
  button.addEventListener("click", () => {
    const [from, to] = button.dataset.copyView === "left" ? frames : [...frames].reverse();
    const page = shown(from);
    if (page) to.contentWindow.location.replace(new URL(page, to.contentWindow.location));
  });
}
document.querySelector(".level").hidden = false;
