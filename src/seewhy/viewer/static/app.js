// Every control is a plain link or form that works without these files. Here they only become
// instant. What all pages share; each page has a script of its own, loaded after this one.

/** Address of the view. A file from disk may not change its own, so it is kept beside. */
const here = () => new URL(document.documentElement.dataset.place || location.href);
const main = document.getElementById("content");

/** Whether a click means "here and now", and not a new tab or window. */
const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Say something for a moment, also to screen readers. */
function say(text) {
  let status = document.getElementById("said");
  if (!status) {
    status = element("p", { id: "said", role: "status" });
    document.body.append(status);
  }
  status.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { status.textContent = ""; }, 2500);
}

async function fetchPage(address) {
  if (document.documentElement.matches(".exported")) return viewInFile(address);
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

// --- Copying the link ----------------------------------------------------------------------------

/** Put text on the clipboard, also where a plain connection has none for scripts. */
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("no clipboard");
}

async function copyLink() {
  try {
    await copyText(here().href);
    say("Link copied");
  } catch { say("The browser does not allow it: copy the address above"); }
}

const copyButton = document.querySelector("[data-copy-link]");
if (copyButton) {
  copyButton.hidden = false;
  copyButton.addEventListener("click", copyLink);
}

// Where not all tabs fit, the one of this page is among those seen, once all buttons are there.
addEventListener("load", () => {
  document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
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
