// Deciding is possible once an answer was chosen and what it needs is there; Enter then decides.

export const watchDecision = () => {
  const form = document.querySelector("form[data-decide]");
  if (!form) return;
  const submit = form.querySelector("[data-submit]");
  const reason = form.querySelector("[data-reason]");

  const look = () => {
    const verdict = form.elements.verdict.value;
    const different = verdict === "change" || verdict === "reject";
    reason.required = reason.dataset.reason === "always" || different;
    for (const outcome of form.querySelectorAll("[name=outcome]")) outcome.required = verdict === "change";
    submit.disabled = verdict === "";
  };

  form.addEventListener("change", look);
  form.addEventListener("submit", (event) => {
    // After this event has run, so that the button's value is still sent, and unless somebody was asked back.
    setTimeout(() => (submit.disabled = !event.defaultPrevented));
  });
  document.addEventListener("keydown", (event) => {
    const fromReason = event.target === reason && (event.ctrlKey || event.metaKey);
    const fromChoice = event.target instanceof HTMLElement && event.target.matches("[type=radio]");
    if (event.key !== "Enter" || !(fromReason || fromChoice)) return;
    event.preventDefault();
    if (!submit.disabled && !event.repeat) form.requestSubmit(submit);
  });
  look();
};
