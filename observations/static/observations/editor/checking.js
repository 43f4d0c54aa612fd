"use strict";

// Asks the server about a source while it is typed.
window.workbench = window.workbench || {};
(() => {
  const PAUSE_MS = 400;

  // Calls `ask()`, what to send, and gives the answer to `show(answer)`; null when none came. A stale answer is dropped.
  // What `known()` answers already is not sent.
  window.workbench.checker = ({ url, token, known, ask, show }) => {
    let asked = 0;
    let timer = null;

    const fetched = async () => {
      try {
        const response = await fetch(url, {
          method: "POST",
          credentials: "same-origin",
          redirect: "error",
          headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
          body: JSON.stringify(ask()),
        });
        return response.ok ? await response.json() : null;
      } catch {
        return null;
      }
    };

    const now = async () => {
      clearTimeout(timer);
      asked += 1;
      const own = asked;
      const answer = known() || await fetched();
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
