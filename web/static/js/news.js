// Asks now and then what somebody else did with the case on the screen, and says it without touching what is typed.

const SECONDS = 20;

export const watchNews = () => {
  const place = document.querySelector("[data-news]");
  if (!place) return;
  let etag = `"${place.dataset.etag}"`;
  const ask = async () => {
    if (document.hidden) return;
    const answer = await fetch(place.dataset.news, {
      headers: { "If-None-Match": etag },
      cache: "no-store",
    }).catch(() => null);
    if (!answer || answer.redirected || !(answer.ok || answer.status === 404)) return;
    etag = answer.headers.get("ETag") ?? etag;
    place.innerHTML = await answer.text();
    if (answer.status === 404) clearInterval(timer);
  };
  const timer = setInterval(ask, SECONDS * 1000);
};
