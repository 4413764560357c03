// Asks how far an import is while it moves, and shows the page anew when that changed; without scripts there is a link.

const SECONDS = 1.5;

const ask = async () => {
  const moving = document.querySelector("[data-progress]");
  if (!moving) return;
  if (!document.hidden) {
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (answer?.ok && !answer.redirected) {
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#main");
      const main = document.querySelector("#main");
      // Whoever has a button of the page in hand is not disturbed.
      if (fresh && main && !main.contains(document.activeElement)) main.replaceChildren(...fresh.childNodes);
    }
  }
  setTimeout(ask, SECONDS * 1000);
};

setTimeout(ask, SECONDS * 1000);
