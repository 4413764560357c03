// How long a case was really looked at, and which of its parts were seen: told along with the verdict, as proof that somebody looked.

export const watchAttention = () => {
  const form = document.querySelector("form:is([data-decide], [data-look])");
  if (!form?.elements.seconds) return;
  let seconds = Number(form.elements.seconds.value) || 0;
  let since = null;

  const looking = () => document.visibilityState === "visible" && document.hasFocus();
  const look = () => {
    if (since !== null) seconds += (performance.now() - since) / 1000;
    since = looking() ? performance.now() : null;
    form.elements.seconds.value = seconds.toFixed(1);
  };

  const parts = [...document.querySelectorAll("[data-panel]")];
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) seen.add(entry.target);
    form.elements.seen.value = seen.size;
  });
  // The end of a part is watched: who has seen it has had all of it on the screen.
  for (const part of parts) watch.observe(part.lastElementChild ?? part);

  for (const event of ["focus", "blur"]) window.addEventListener(event, look);
  document.addEventListener("visibilitychange", look);
  form.addEventListener("submit", look);
  look();
};
