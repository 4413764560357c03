// A panel is asked for when it is opened: the page it leads to is taken in, without what would clash with this one.

const freed = (part, address) => {
  for (const one of [part, ...part.querySelectorAll("*")]) {
    one.removeAttribute("id");
    one.removeAttribute("aria-labelledby");
  }
  for (const link of part.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), address);
  return part;
};

const load = async (panel) => {
  const place = panel.lastElementChild;
  const address = new URL(panel.dataset.load, location.href);
  const answer = await fetch(address).catch(() => null);
  const part =
    answer?.ok && !answer.redirected
      ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(panel.dataset.part)
      : null;
  if (part) {
    place.replaceChildren(freed(part, address));
    return;
  }
  const failed = document.createElement("p");
  failed.textContent = panel.dataset.failed;
  place.prepend(failed);
};

export const watchPanels = () => {
  for (const panel of document.querySelectorAll("details[data-load]")) {
    panel.addEventListener("toggle", () => panel.open && load(panel), { once: true });
  }
};
