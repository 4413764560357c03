// Asks now and then whether the queue changed, by its ETag, and shows the new list when nothing is in use.

const SECONDS = 20;

export const watchQueue = () => {
  const head = document.querySelector("[data-poll]");
  if (!head) return;
  let etag = null;
  const ask = async () => {
    if (document.hidden) return;
    const answer = await fetch(head.dataset.poll, {
      headers: etag ? { "If-None-Match": etag } : {},
      cache: "no-store",
    }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const first = etag === null;
    etag = answer.headers.get("ETag");
    if (first || etag === null) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#main");
    const main = document.querySelector("#main");
    if (fresh && main && !main.contains(document.activeElement) && !main.querySelector(".undo")) main.replaceChildren(...fresh.childNodes);
  };
  setInterval(ask, SECONDS * 1000);
  ask();
};
