// A page that is a file. It may not change its address: what it shows is kept beside it.

for (const name of ["replaceState", "pushState"]) {
  history[name] = (state, title, address) => { document.documentElement.dataset.place = address; };
}
history.back = () => {
  const place = new URL(document.documentElement.dataset.place);
  place.searchParams.delete("zoom");
  document.documentElement.dataset.place = place;
};

/** Every picture is in the file once: in the page where it stands first, or packed. */
const pictures = {};
const sourceOf = (element) => (element.localName === "image" ? "href" : "src");
for (const first of document.querySelectorAll("[data-picture]")) {
  pictures[first.dataset.picture] = first.getAttribute(sourceOf(first));
}

function fillPictures(root) {
  for (const again of root.querySelectorAll("[data-same]")) {
    again.setAttribute(sourceOf(again), pictures[again.dataset.same]);
    again.removeAttribute("data-same");
  }
}
fillPictures(document);

async function unpack(name) {
  const packed = document.getElementById(name);
  if (!packed) return {};
  const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const unpacked = unpack("views");
const packed = unpack("pictures").then((found) => Object.assign(pictures, found));

/** Takes the place of asking the server: the parts that labels and pictures lead to are here. */
async function viewInFile(address) {
  const views = await unpacked;
  await packed;
  const name = address.searchParams.get("zoom") || address.searchParams.getAll("pick").at(-1);
  if (!views[name]) throw new Error("not in this file");
  const page = new DOMParser().parseFromString(views[name], "text/html");
  for (const link of page.querySelectorAll("a[data-zoom]")) {
    if (!views[link.dataset.zoom]) link.remove();
  }
  fillPictures(page);
  return page;
}
