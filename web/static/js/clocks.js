// Counts down to the instants that elements name in data-until; what is over is removed or told.

const draw = (element, seconds) => {
  const target = element.querySelector("[data-left]") ?? element;
  target.textContent =
    element.dataset.leftAs === "clock"
      ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
      : `${seconds} s`;
};

export const watchClocks = () => {
  const running = new Set(document.querySelectorAll("[data-until]"));
  if (running.size === 0) return;
  const tick = () => {
    for (const element of running) {
      const seconds = Math.ceil((Date.parse(element.dataset.until) - Date.now()) / 1000);
      if (seconds > 0) {
        draw(element, seconds);
        continue;
      }
      draw(element, 0);
      running.delete(element);
      if (element.dataset.then === "remove") element.remove();
    }
    if (running.size === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 500);
  tick();
};
