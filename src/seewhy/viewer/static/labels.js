// Labels are suggested while somebody types. The form without this finds them too.

{
  const input = document.getElementById("find");
  const options = element("ul", { id: "suggestions", className: "suggestions", role: "listbox", hidden: true });
  options.setAttribute("aria-label", "Labels found");
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": "suggestions", "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  input.after(options);
  let asked = 0;
  let timer = null;

  const close = () => {
    asked += 1;
    options.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (option) => {
    for (const one of options.children) one.setAttribute("aria-selected", String(one === option));
    if (!option) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const suggest = async () => {
    const turn = (asked += 1);
    const address = new URL("labels.json", location.href);
    address.search = location.search;
    address.searchParams.set("find", input.value);
    const answer = await fetch(address);
    if (!answer.ok || turn !== asked) return;
    const { labels, found } = await answer.json();
    options.replaceChildren(...labels.map(({ label, count, href, active }, number) => {
      const name = element("bdi", {}, label);
      const option = element("li", { id: `suggestion-${number}`, role: "option" }, name, element("span", { className: "n" }, count.toLocaleString("en")));
      option.dataset.href = href;
      option.classList.toggle("active", active);
      option.setAttribute("aria-selected", "false");
      return option;
    }));
    if (found > labels.length) {
      options.append(element("li", { className: "hint", role: "presentation" }, `and ${(found - labels.length).toLocaleString("en")} more`));
    }
    options.hidden = !labels.length;
    input.setAttribute("aria-expanded", String(Boolean(labels.length)));
    input.removeAttribute("aria-activedescendant");
  };

  const follow = (option) => {
    const address = new URL(option.dataset.href, location.href);
    // The look may have changed since.
    location.href = withLook(address, readLook());
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (!input.value.trim()) return close();
    timer = setTimeout(() => suggest().catch(close), 80);
  });
  input.addEventListener("keydown", (event) => {
    if (options.hidden) return;
    const all = [...options.querySelectorAll("[role=option]")];
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all.at(at < 1 ? -1 : at - 1));
    else if (event.key === "Enter" && at >= 0) follow(all[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  options.addEventListener("pointerdown", (event) => event.preventDefault());
  options.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) follow(option);
  });
}
