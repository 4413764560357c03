// Notices of the desktop about what waits, for whoever asked for them in this browser. They hold a number and nothing of any case.

const KEPT = "desktop-notices";
const wanted = () => {
  try {
    return localStorage.getItem(KEPT) === "on";
  } catch {
    return false;
  }
};

export const tellsDesktop = () => wanted() && window.Notification?.permission === "granted";

export const tellDesktop = (text) => {
  if (tellsDesktop() && document.hidden) new Notification(text, { tag: "queue" });
};

export const offerDesktop = () => {
  const draw = () => {
    const button = document.querySelector("[data-desktop]");
    if (!button || !("Notification" in window)) return;
    button.hidden = false;
    button.setAttribute("aria-pressed", String(tellsDesktop()));
  };
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-desktop]") : null;
    if (!button) return;
    const turnsOn = !tellsDesktop();
    if (turnsOn && (await Notification.requestPermission()) !== "granted") {
      button.title = button.dataset.refused;
      return;
    }
    try {
      localStorage.setItem(KEPT, turnsOn ? "on" : "off");
    } catch {
      // A browser that keeps nothing asks again next time.
    }
    draw();
  });
  draw();
  return draw;
};
