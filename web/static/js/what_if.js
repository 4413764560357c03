// Moves through the thresholds that the page's table holds: shows the row, the mark in the chart and the change in the policy.

const SVG = "http://www.w3.org/2000/svg";

const form = document.querySelector("[data-what-if]");
if (form) watch(form);

function watch(form) {
  const stops = form.dataset.thresholds.split(" ").map(Number);
  const texts = form.dataset.texts.split(" ");
  if (stops.length < 2) return;
  const current = form.dataset.current === undefined ? -1 : Number(form.dataset.current);
  const slider = form.querySelector("[type=range]");
  const effects = [...form.querySelectorAll("[data-effect]")];
  const at = [...form.querySelectorAll("[data-effects]")].map((one) => [...one.content.children]);
  const change = document.querySelector("[data-change]");
  const link = document.querySelector("[data-policy-link]");
  const chart = document.querySelector("[data-chart] figure");
  const rows = [...chart.querySelectorAll("tbody tr")];
  const mark = marked(chart.querySelector("svg"), stops.length);
  let chosen = Number(form.dataset.chosen);

  const show = (place) => {
    chosen = Math.min(Math.max(place, 0), stops.length - 1);
    slider.value = stops[chosen];
    slider.setAttribute("aria-valuetext", texts[chosen]);
    for (const figure of form.querySelectorAll("[data-figure]")) figure.textContent = texts[chosen];
    effects.forEach((effect, one) => effect.replaceChildren(...at[one][chosen].cloneNode(true).childNodes));
    rows.forEach((row, one) => row.classList.toggle("chosen", one === chosen));
    mark(chosen, chosen !== current);
    change.hidden = chosen === current && link !== null;
    if (!link) return;
    link.href = `${form.dataset.policy}?threshold=${stops[chosen]}`;
    for (const figure of document.querySelectorAll("[data-figure-in-text]")) figure.textContent = stops[chosen];
  };

  const nearest = (value) =>
    stops.reduce((best, stop, at) => (Math.abs(stop - value) < Math.abs(stops[best] - value) ? at : best), 0);

  // Every place of the slider is a row of the table, so that keys go from one to the next.
  const moves = {
    ArrowRight: () => chosen + 1,
    ArrowUp: () => chosen + 1,
    ArrowLeft: () => chosen - 1,
    ArrowDown: () => chosen - 1,
    PageUp: () => chosen + 5,
    PageDown: () => chosen - 5,
    Home: () => 0,
    End: () => stops.length - 1,
  };
  slider.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    show(move());
  });
  slider.addEventListener("input", () => show(nearest(Number(slider.value))));
  form.classList.add("live");
  show(chosen);
}

// Draws a line through the chart at a threshold; where that is, the chart's own first line tells.
function marked(svg, count) {
  const steps = [...svg.querySelectorAll("line.chart-line")].slice(0, count - 1);
  if (steps.length < count - 1) return () => {};
  const places = [steps[0].getAttribute("x1"), ...steps.map((step) => step.getAttribute("x2"))];
  const line = document.createElementNS(SVG, "line");
  line.setAttribute("class", "chart-chosen");
  line.setAttribute("y1", "20");
  line.setAttribute("y2", String(svg.height.baseVal.value - 40));
  svg.append(line);
  return (place, seen) => {
    line.setAttribute("x1", places[place]);
    line.setAttribute("x2", places[place]);
    line.setAttribute("visibility", seen ? "visible" : "hidden");
  };
}
