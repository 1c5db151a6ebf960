// Every control is a plain link or form that works without these files. Here they only become
// instant. What all pages share; each page has a script of its own, loaded after this one.

const here = () => new URL(location.href);
const main = document.getElementById("content");

/** Whether a click means "here and now", and not a new tab or window. */
const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);

async function fetchPage(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-reload]");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  location.reload();
});

// --- Live parts ----------------------------------------------------------------------------------

function follow(part) {
  const fresh = document.createElement("template");
  const again = () => setTimeout(ask, part.dataset.every * 1000);
  const ask = async () => {
    if (document.hidden) return again();
    try {
      const answer = await fetch(part.dataset.live, { cache: "no-cache" });
      if (answer.ok) fresh.innerHTML = await answer.text();
      // Never from under the keyboard, and only what changed, as screen readers speak it.
      const changed = answer.ok && fresh.innerHTML.trim() !== part.innerHTML.trim();
      if (changed && !part.contains(document.activeElement)) part.innerHTML = fresh.innerHTML;
    } catch { /* The server is away; it may come back. */ }
    again();
  };
  again();
}

for (const part of document.querySelectorAll("[data-live]")) follow(part);

// --- Theme ---------------------------------------------------------------------------------------

const themeSwitch = document.querySelector("[data-theme-switch]");
themeSwitch.hidden = false;
themeSwitch.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("seewhy-theme", root.dataset.theme); } catch { /* Not kept, then. */ }
});
