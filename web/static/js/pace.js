// Whoever decides faster than half of a case can be read is asked once; the second press decides.

export const watchPace = () => {
  const form = document.querySelector("form[data-floor]");
  const question = form?.querySelector("[data-quick]");
  if (!question) return;
  form.addEventListener("submit", (event) => {
    const seconds = Number(form.elements.seconds.value);
    if (!question.hidden || seconds >= Number(form.dataset.floor)) return;
    event.preventDefault();
    const told = Math.max(1, Math.round(seconds));
    question.hidden = false;
    question.textContent = told === 1 ? question.dataset.quickOne : question.dataset.quick.replace("{n}", told);
  });
};
