// A page that is a file may not change its address: what it shows is kept beside it.

for (const name of ["replaceState", "pushState"]) {
  history[name] = (state, title, address) => { document.documentElement.dataset.place = address; };
}

// A picture that stands in several places is in the file once.
for (const again of document.querySelectorAll("[data-same]")) {
  const first = document.querySelector(`[data-picture="${again.dataset.same}"]`);
  const key = first.localName === "image" ? "href" : "src";
  again.setAttribute(key, first.getAttribute(key));
}
