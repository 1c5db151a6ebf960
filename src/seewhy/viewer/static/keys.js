// Keys. A page says what its keys do, and ? shows all of them:
//
//   registerKeys("Maps", [
//     { keys: ["o"], does: "Draw the maps, or not", act: (event) => ... },
//   ]);
//
// `keys` are values of KeyboardEvent.key; `shown`, if given, is listed instead of them. `act` may return false for "not now": then the key keeps
// its usual meaning. `release` runs when the key is let go. Keys rest while somebody types and
// while a dialog is open, except those with `when`, which run when it returns true.

const keyGroups = [];
const heldKeys = new Map();
const KEY_NAMES = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

function registerKeys(title, keys) {
  keyGroups.push({ title, keys });
  const button = document.querySelector("[data-keys-help]");
  button.hidden = false;
  button.onclick = showKeys;
}

/** Whether an element needs a key for itself. */
function takesKey(element, key) {
  if (element.matches("textarea, select, [contenteditable]")) return true;
  if (element.matches("input[type=range], input[type=radio]")) return /^(Arrow|Home|End|Page)/.test(key);
  if (element.matches("input:not([type=checkbox], [type=button], [type=submit])")) return true;
  if (key === "Enter") return element.matches("a[href], button, summary");
  return key === " " && element.matches("button, summary, input");
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target;
  if (target instanceof Element && takesKey(target, event.key)) return;
  if (event.key === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  const free = !document.querySelector("dialog:modal");
  for (const entry of keyGroups.flatMap((group) => group.keys)) {
    if (!entry.keys.includes(event.key) || !(entry.when ? entry.when() : free)) continue;
    if (event.repeat && entry.release) {
      event.preventDefault();
      return;
    }
    if (entry.act(event) === false) continue;
    event.preventDefault();
    if (entry.release) heldKeys.set(event.key, entry.release);
    return;
  }
});

function releaseKey(key) {
  const release = heldKeys.get(key);
  heldKeys.delete(key);
  release?.();
}
addEventListener("keyup", (event) => releaseKey(event.key));
addEventListener("blur", () => [...heldKeys.keys()].forEach(releaseKey));

function showKeys() {
  if (document.getElementById("keys") || !keyGroups.length) return;
  const dialog = element("dialog", { id: "keys", className: "keys" });
  dialog.setAttribute("aria-labelledby", "keys-title");
  const close = element("button", { type: "button", className: "button", onclick: () => dialog.close() }, "Close");
  dialog.append(element("div", { className: "head" }, element("h2", { id: "keys-title" }, "Keyboard"), close));
  const always = { title: "Everywhere", keys: [{ keys: ["?"], does: "Show this list" }, { keys: ["Escape"], does: "Close what is open" }] };
  for (const { title, keys } of [...keyGroups, always]) {
    const list = element("dl");
    for (const { keys: every, does, shown: names = every } of keys.filter((one) => !one.unlisted)) {
      const shown = names.flatMap((name) => [element("kbd", {}, KEY_NAMES[name] || name), " "]);
      list.append(element("div", {}, element("dt", {}, ...shown), element("dd", {}, does)));
    }
    dialog.append(element("section", {}, element("h3", {}, title), list));
  }
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
