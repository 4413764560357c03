// Asks now and then whether the queue changed, by its ETag, and shows the new list when nothing is in use.

import { offerDesktop, tellDesktop, tellsDesktop } from "./telling.js";

const SECONDS = 20;

export const watchQueue = () => {
  const head = document.querySelector("[data-poll]");
  if (!head) return;
  const draw = offerDesktop();
  let etag = null;
  let waiting = Number(head.dataset.waiting);
  const ask = async () => {
    // Whoever wants notices is told what waits while they look at something else.
    if (document.hidden && !tellsDesktop()) return;
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
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#main");
    const main = document.querySelector("#main");
    const now = fresh?.querySelector("[data-poll]");
    if (!fresh || !main || !now) return;
    document.title = page.title;
    if (Number(now.dataset.waiting) > waiting) tellDesktop(now.dataset.told);
    waiting = Number(now.dataset.waiting);
    // Somebody who is at it is not disturbed; the list is asked for again next time.
    if (main.contains(document.activeElement) || main.querySelector(".undo, [name=case]:checked")) return;
    main.replaceChildren(...fresh.childNodes);
    etag = newest;
    draw();
  };
  setInterval(ask, SECONDS * 1000);
  ask();
};
