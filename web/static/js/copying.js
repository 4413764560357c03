// Copies what a button carries in data-copy, and says so on the button.

export const watchCopying = () => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const words = button.querySelector("span") ?? button;
      const before = words.textContent;
      await navigator.clipboard.writeText(button.dataset.copy);
      words.textContent = button.dataset.copied;
      setTimeout(() => (words.textContent = before), 2000);
    });
  }
};
