// One key presses what carries it in data-key, unless somebody is typing, holds a modifier or turned keys off; ? tells which there are.

const typing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])"));

const rows = () => [...document.querySelectorAll("ol.cases a.cover")];

const step = (by) => {
  const list = rows();
  const at = list.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
  list[next]?.focus();
};

const words = (element) => {
  const said = (element.closest("label")?.querySelector("b") ?? element).cloneNode(true);
  for (const one of said.querySelectorAll("kbd, svg, small, [data-left]")) one.remove();
  return said.textContent.trim();
};

const tell = (dialog) => {
  const list = dialog.querySelector("dl");
  const told = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (element.disabled || element.dataset.key === "?") continue;
    if (!told.has(element.dataset.key)) told.set(element.dataset.key, words(element));
  }
  const undo = document.querySelector(".undo button");
  if (undo) told.set("z", words(undo));
  if (rows().length > 0) told.set("j k", list.dataset.more);
  list.replaceChildren(
    ...[...told].map(([key, what]) => {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const meaning = document.createElement("dd");
      for (const one of key.split(" ")) {
        const drawn = document.createElement("kbd");
        drawn.textContent = one.toUpperCase();
        term.append(drawn, " ");
      }
      meaning.textContent = what;
      row.append(term, meaning);
      return row;
    }),
  );
  dialog.showModal();
};

export const watchKeys = () => {
  if (document.documentElement.dataset.keys === "off") return;
  const dialog = document.getElementById("keys-of-page");
  for (const link of document.querySelectorAll("[data-key='?']")) {
    link.addEventListener("click", (event) => {
      if (!dialog) return;
      event.preventDefault();
      tell(dialog);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || dialog?.open) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (typing(event.target)) return;
    const key = event.key.toLowerCase();
    if ((key === "j" || key === "k") && rows().length > 0) {
      event.preventDefault();
      step(key === "j" ? 1 : -1);
      return;
    }
    if (key === "?" && dialog) {
      event.preventDefault();
      tell(dialog);
      return;
    }
    const wanted =
      key === "z" ? document.querySelector(".undo button") : document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!wanted || wanted.disabled) return;
    event.preventDefault();
    wanted.focus();
    wanted.click();
  });
};
