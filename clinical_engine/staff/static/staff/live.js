"use strict";

// Renews the part of a page that changes, every two seconds, until it changes no more. Then the page is loaded once: what stands
// around that part was written while it still changed.
(() => {
  const live = document.getElementById("live");
  const silent = document.getElementById("live-silent");
  const isMoving = () => live.querySelector("[data-moving]") !== null;
  let shown = null;

  const show = (html) => {
    // Only what is new: replacing it all the same would take a selection or an open menu away from the reader.
    if (html === shown) {
      return;
    }
    const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
    live.innerHTML = html;
    shown = html;
    if (focused) {
      document.getElementById(focused)?.focus();
    }
  };

  const renew = async () => {
    // A page that nobody looks at asks for nothing.
    if (!document.hidden) {
      try {
        const answer = await fetch(live.dataset.url, { credentials: "same-origin", redirect: "error" });
        if (!answer.ok) {
          throw new Error(answer.statusText);
        }
        show(await answer.text());
        silent.hidden = true;
      } catch {
        silent.hidden = false;
      }
    }
    if (isMoving()) {
      plan();
    } else {
      location.reload();
    }
  };

  const plan = () => setTimeout(renew, 2000);

  if (isMoving()) {
    plan();
  }
})();
