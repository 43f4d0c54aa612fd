"use strict";

// Asks the server about a source while it is typed.
window.workbench = window.workbench || {};
(() => {
  const PAUSE_MS = 400;

  // Calls `ask()`, what to send, and gives the answer to `show(answer)`; null when none came. A stale answer is dropped.
  window.workbench.checker = ({ url, token, ask, show }) => {
    let asked = 0;
    let timer = null;

    const now = async () => {
      clearTimeout(timer);
      asked += 1;
      const own = asked;
      let answer = null;
      try {
        const response = await fetch(url, {
          method: "POST",
          credentials: "same-origin",
          redirect: "error",
          headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
          body: JSON.stringify(ask()),
        });
        answer = response.ok ? await response.json() : null;
      } catch {
        answer = null;
      }
      if (own === asked) {
        show(answer);
      }
    };

    const soon = () => {
      // From now on no answer to what was typed before counts.
      asked += 1;
      clearTimeout(timer);
      timer = setTimeout(now, PAUSE_MS);
    };

    return { now, soon };
  };
})();
