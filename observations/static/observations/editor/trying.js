"use strict";

// Runs the test cases as they stand in the fields, and shows at each row what it gave. Nothing is saved, and nothing reloaded.
(() => {
  const button = document.querySelector("[data-try]");
  const form = button.closest("form");
  const status = document.querySelector("[data-trial]");
  const rows = () => [...document.querySelectorAll(".ce-cases [data-row]")];
  const cellOf = (row) => row.querySelector("[data-outcome]");
  const numberOf = (row) => Number(row.querySelector("input[name$='-DELETE']").name.split("-").at(-2));

  const show = (cell, outcome) => {
    cell.replaceChildren();
    if (outcome) {
      const word = document.createElement("span");
      word.className = `ce-badge ce-badge-${outcome.tone}`;
      word.textContent = outcome.word;
      const text = document.createElement("span");
      text.textContent = outcome.text;
      cell.append(word, " ", text);
    }
  };

  const say = (sentence, isGreen) => {
    status.classList.toggle("ce-errors", !isGreen);
    status.textContent = sentence;
  };

  const forget = () => {
    rows().map(cellOf).filter((cell) => cell.firstChild).forEach((cell) => show(cell, null));
    say("Changed since the test cases were run.", true);
  };

  const run = async () => {
    say("Running …", true);
    const response = await fetch(button.formAction, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      headers: { Accept: "application/json" },
      body: new FormData(form),
    });
    if (!response.ok) {
      throw new Error(response.statusText);
    }
    const trial = await response.json();
    const outcomes = new Map(trial.outcomes.map((outcome) => [outcome.row, outcome]));
    rows().forEach((row) => show(cellOf(row), outcomes.get(numberOf(row))));
    say(trial.sentence, trial.is_green);
  };

  // What stands beside a row is what it gave as it stands: no longer, once something is typed.
  form.addEventListener("input", forget);
  form.addEventListener("workbench:rows", forget);
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      await run();
    } catch {
      say("The test cases were not run: no answer came. Try again.", false);
    }
  });
})();
