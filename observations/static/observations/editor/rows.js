"use strict";

// Adds rows to the sets of rows of a form, and removes them.
(() => {
  // Tells everybody who reads the rows' names that there are others now.
  const tell = (set, row) => set.dispatchEvent(new CustomEvent("workbench:rows", { bubbles: true, detail: { row } }));

  const total = (set) => set.querySelector("input[name$='-TOTAL_FORMS']");
  const list = (set) => set.querySelector("[data-list]");
  const rowsOf = (set) => [...list(set).querySelectorAll(":scope > [data-row]")];
  const removal = (row) => row.querySelector("input[name$='-DELETE']");
  const fieldsOf = (row) => [...row.querySelectorAll("input, select, textarea")];

  const hide = (row) => {
    // What is removed is not sent: only that it is.
    fieldsOf(row).filter((field) => field !== removal(row)).forEach((field) => { field.disabled = true; });
    row.hidden = true;
  };

  const remove = (set, row) => {
    removal(row).checked = true;
    hide(row);
    tell(set, row);
    set.querySelector("[data-add]").focus();
  };

  const prepare = (set, row) => {
    const box = removal(row).closest("[data-field]");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "ce-button ce-button-quiet";
    button.dataset.remove = "";
    button.textContent = "Remove";
    button.addEventListener("click", () => remove(set, row));
    [...box.children].forEach((child) => { child.hidden = true; });
    box.append(button);
    if (removal(row).checked) {
      hide(row);
    }
  };

  const add = (set) => {
    const number = Number(total(set).value);
    const made = document.createElement("template");
    made.innerHTML = set.querySelector("template").innerHTML.replaceAll("__prefix__", number);
    const row = made.content.querySelector("[data-row]");
    list(set).append(row);
    total(set).value = number + 1;
    prepare(set, row);
    tell(set, row);
    fieldsOf(row).find((field) => !field.hidden && !field.disabled)?.focus();
  };

  // The empty row at the end is for who has no JavaScript.
  const dropEmpty = (set) => {
    const rows = rowsOf(set);
    const stored = Number(set.querySelector("input[name$='-INITIAL_FORMS']").value);
    if ("fresh" in set.dataset && rows.length > stored) {
      rows.at(-1).remove();
      total(set).value = rows.length - 1;
    }
  };

  // Django takes a thousand fields of one form: those that say nothing are left out.
  const leaveOutEmpty = ({ formData }, set) => {
    const names = [...formData.keys()].filter((name) => name.startsWith(`${set.dataset.rows}-`));
    names.filter((name) => formData.get(name) === "").forEach((name) => formData.delete(name));
  };

  document.querySelectorAll("[data-rows]").forEach((set) => {
    set.closest("form").addEventListener("formdata", (event) => leaveOutEmpty(event, set));
    dropEmpty(set);
    rowsOf(set).forEach((row) => prepare(set, row));
    const button = set.querySelector("[data-add]");
    button.hidden = false;
    button.addEventListener("click", () => add(set));
  });
})();
