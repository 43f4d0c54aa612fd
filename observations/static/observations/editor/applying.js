"use strict";

// Shows of a row of inputs or outputs what applies to it, and what the catalogue knows of its code.
(() => {
  const COMPOSED = ["components", "questionnaire"];
  const isReading = (row) => row.what === "measurement";

  // What a field waits for; a field that is not here is always shown. `code` is the catalogue's word for the row's code, if known.
  const APPLIES = {
    inputs: {
      code: isReading,
      unit: (row) => isReading(row) && (!row.code || row.code.kind === "quantity"),
      fact: (row) => row.what === "fact",
      script: (row) => row.what === "script",
      output: (row) => row.what === "script",
      how: (row) => row.what !== "fact",
      window_seconds: (row) => row.what !== "fact" && row.how !== "first_after_activation",
      stale_after_seconds: (row) => isReading(row) && row.how === "latest",
      default: (row) => row.missing === "default",
      fields_read: (row) => isReading(row) && COMPOSED.includes(row.code?.kind),
      take: (row) => isReading(row) && ["coded", ...COMPOSED].includes(row.code?.kind),
      timed: (row) => isReading(row) && row.how === "all_within",
    },
    outputs: {
      code: (row) => row.kind !== "interpretation",
      unit: (row) => row.kind === "number",
      answers: (row) => row.kind === "coded",
    },
  };

  const catalogue = JSON.parse(document.getElementById("workbench-catalogue").textContent);
  let lists = 0;

  const fieldOf = (row, name) => row.querySelector(`[data-field="${name}"]`);
  const valueOf = (row, name) => fieldOf(row, name)?.querySelector("input, select, textarea").value.trim();

  const show = (box, isShown) => {
    box.hidden = !isShown;
    box.querySelectorAll("input, select, textarea").forEach((field) => { field.disabled = !isShown; });
  };

  const name = (row, code) => {
    const box = fieldOf(row, "code");
    let hint = box.querySelector(".ce-code-name");
    if (!hint) {
      hint = document.createElement("p");
      hint.className = "ce-note ce-code-name";
      box.append(hint);
    }
    hint.textContent = code ? code.name : "";
  };

  const suggestUnits = (row, code) => {
    const unit = fieldOf(row, "unit");
    let list = unit.querySelector("datalist");
    if (!list) {
      list = document.createElement("datalist");
      lists += 1;
      list.id = `workbench-units-${lists}`;
      unit.append(list);
      unit.querySelector("input").setAttribute("list", list.id);
    }
    list.replaceChildren(...(code?.units || []).map((text) => new Option(text, text)));
  };

  const apply = (kind, row) => {
    if (row.hidden) {
      return;
    }
    const code = catalogue[valueOf(row, "code")];
    const said = { code };
    for (const word of ["what", "kind", "how", "missing"]) {
      said[word] = valueOf(row, word);
    }
    Object.entries(APPLIES[kind]).forEach(([field, applies]) => show(fieldOf(row, field), applies(said)));
    name(row, code);
    suggestUnits(row, code);
  };

  for (const kind of Object.keys(APPLIES)) {
    const set = document.querySelector(`[data-rows="${kind}"]`);
    set.querySelectorAll("[data-list] > [data-row]").forEach((row) => apply(kind, row));
    set.addEventListener("input", (event) => apply(kind, event.target.closest("[data-row]")));
    set.addEventListener("workbench:rows", (event) => apply(kind, event.detail.row));
  }
})();
