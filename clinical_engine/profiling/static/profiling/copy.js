// Puts the text of an element on the clipboard. Without scripts, or where the browser has no clipboard, the button does not show.
for (const button of document.querySelectorAll("[data-copies]")) {
  if (navigator.clipboard) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
      button.textContent = "Copied";
    });
  }
}
