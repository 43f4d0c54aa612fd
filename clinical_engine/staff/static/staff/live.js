"use strict";

// Renews the part of a page that changes, every two seconds, until it changes no more.
(() => {
  const live = document.getElementById("live");
  const silent = document.getElementById("live-silent");
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
    plan();
  };

  const plan = () => {
    if (live.querySelector("[data-moving]")) {
      setTimeout(renew, 2000);
    }
  };

  plan();
})();
