// Asks now and then whether the queue changed, by its ETag, and shows the new list when nothing is in use.

const SECONDS = 20;

export const watchQueue = () => {
  const head = document.querySelector("[data-poll]");
  if (!head) return;
  let etag = null;
  const ask = async () => {
    if (document.hidden) return;
    const answer = await fetch(head.dataset.poll, {
      // The first question is only how the queue stands, as the page shows it already.
      method: etag ? "GET" : "HEAD",
      headers: etag ? { "If-None-Match": etag } : {},
      cache: "no-store",
    }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const newest = answer.headers.get("ETag");
    if (etag === null || newest === null) {
      etag = newest;
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#main");
    const main = document.querySelector("#main");
    // Somebody who is at it is not disturbed; the list is asked for again next time.
    if (!fresh || !main || main.contains(document.activeElement) || main.querySelector(".undo")) return;
    main.replaceChildren(...fresh.childNodes);
    etag = newest;
  };
  setInterval(ask, SECONDS * 1000);
  ask();
};
