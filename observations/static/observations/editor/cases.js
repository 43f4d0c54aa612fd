"use strict";

// Makes a table of the test cases: a column for each input and each output, instead of lines in two fields.
(() => {
  const SIDES = {
    inputs: { names: "[data-input-name]", word: "given" },
    expected: { names: "[data-output-name]", word: "expected" },
  };
  const form = document.querySelector("[data-rows='test_cases']").closest("form");
  const table = document.querySelector(".ce-cases");
  // What each field that names an input or output said last.
  const known = new Map();

  const pairOf = (line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  };
  const linesOf = (text) => new Map(text.split("\n").filter((line) => line.trim()).map(pairOf));
  const textOf = (pairs) => pairs.filter(([name, value]) => name && value).map((pair) => pair.join(" = ")).join("\n");

  const rows = () => [...table.querySelectorAll("tbody[data-row]:not([hidden])")];
  const source = (row, side) => row.querySelector(`textarea[data-case="${side}"]`);
  const fields = (side) => [...form.querySelectorAll(SIDES[side].names)];
  const nameOf = (field) => (field.disabled ? "" : field.value.trim());
  const declared = (side) => [...new Set(fields(side).map(nameOf).filter(Boolean))];

  // Those that are declared, and those that a case has all the same.
  const columns = (side) => [
    ...new Set([...declared(side), ...rows().flatMap((row) => [...linesOf(source(row, side).value).keys()])]),
  ];

  const write = (row, side) => {
    const cells = [...row.querySelectorAll(`[data-made="${side}"]`)];
    source(row, side).value = textOf(cells.map((cell) => [cell.dataset.name, cell.firstChild.value.trim()]));
  };

  const newCell = (row, side) => {
    const field = document.createElement("input");
    field.className = "ce-input";
    field.spellcheck = false;
    field.addEventListener("input", () => write(row, side));
    const cell = document.createElement("td");
    cell.append(field);
    return cell;
  };

  const newHeading = (side) => {
    const heading = document.createElement("th");
    heading.scope = "col";
    heading.className = `ce-case-${side}`;
    return heading;
  };

  // Gives the elements for the names, before `place`. Those that there are stay where they are: one may have the focus.
  const arrange = (place, side, names, make) => {
    const line = place.parentElement;
    const made = () => [...line.querySelectorAll(`:scope > [data-made="${side}"]`)];
    made().filter((one) => !names.includes(one.dataset.name)).forEach((one) => one.remove());
    return names.map((name, index) => {
      const there = made();
      const found = there.find((one) => one.dataset.name === name) || make();
      found.dataset.made = side;
      found.dataset.name = name;
      if (there[index] !== found) {
        line.insertBefore(found, there[index] || place);
      }
      return found;
    });
  };

  const drawHead = (side, names) => {
    const place = table.querySelector(`th[data-field="${side}"]`);
    place.hidden = true;
    arrange(place, side, names, () => newHeading(side)).forEach((heading) => {
      const { name } = heading.dataset;
      heading.textContent = declared(side).includes(name) ? name : `${name}: not declared`;
    });
  };

  const drawRow = (row, number, side, names) => {
    const place = source(row, side).closest("td");
    const values = linesOf(source(row, side).value);
    place.hidden = true;
    arrange(place, side, names, () => newCell(row, side)).forEach((cell) => {
      const field = cell.firstChild;
      field.setAttribute("aria-label", `${cell.dataset.name}, ${SIDES[side].word} in case ${number}`);
      field.value = values.get(cell.dataset.name) || "";
    });
  };

  const draw = () => {
    for (const side of Object.keys(SIDES)) {
      const names = columns(side);
      drawHead(side, names);
      rows().forEach((row, index) => drawRow(row, index + 1, side, names));
    }
  };

  // What a case says goes along with the name, and goes when its input or output is removed.
  const rename = (side, from, to) => {
    rows().forEach((row) => {
      const pairs = [...linesOf(source(row, side).value)];
      source(row, side).value = textOf(pairs.map(([name, value]) => [name === from ? to : name, value]));
    });
    table.querySelectorAll(`[data-made="${side}"]`).forEach((one) => {
      one.dataset.name = one.dataset.name === from ? to : one.dataset.name;
    });
  };

  const follow = () => {
    for (const side of Object.keys(SIDES)) {
      for (const field of fields(side)) {
        const [before, now] = [known.get(field), nameOf(field)];
        if (before && before !== now && (now || field.disabled) && !declared(side).includes(before)) {
          rename(side, before, now);
        }
        if (now || field.disabled) {
          known.set(field, now);
        }
      }
    }
    draw();
  };

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-input-name], [data-output-name]")) {
      follow();
    }
  });
  form.addEventListener("workbench:rows", follow);
  follow();
})();
