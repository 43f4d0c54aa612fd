"use strict";

// What keys do in the editor: lines are indented by four spaces, and no tab ever gets in.
window.workbench = window.workbench || {};
(() => {
  const { defaultKeymap, EditorView, historyKeymap, indentLess, indentMore, indentUnit, keymap, lintKeymap } = CodeMirror;

  const STEP = 4;
  const spaces = (count) => " ".repeat(Math.max(0, count));
  const indentOf = (text) => text.length - text.trimStart().length;

  // Without texts, whose brackets open nothing, and without the remark at its end.
  const codeOf = (line) => line.replace(/"[^"]*"|'[^']*'|#.*/g, "").trimEnd();
  const opens = (code) => (code.match(/[([{]/g) || []).length > (code.match(/[)\]}]/g) || []).length;

  const replace = (view, from, to, insert, event) => {
    view.dispatch({
      changes: { from, to, insert },
      selection: { anchor: from + insert.length },
      scrollIntoView: true,
      userEvent: event,
    });
    return true;
  };

  const newLine = (view) => {
    const { from, to } = view.state.selection.main;
    const line = view.state.doc.lineAt(from);
    const before = line.text.slice(0, from - line.from);
    const code = codeOf(before);
    const deeper = code.endsWith(":") || opens(code) ? STEP : 0;
    return replace(view, from, to, `\n${spaces(indentOf(before) + deeper)}`, "input");
  };

  const tab = (view) => {
    const { empty, from, to } = view.state.selection.main;
    if (!empty) {
      return indentMore(view);
    }
    const column = from - view.state.doc.lineAt(from).from;
    return replace(view, from, to, spaces(STEP - (column % STEP)), "input");
  };

  // Back by a whole step where only spaces stand before the cursor.
  const back = (view) => {
    const { empty, from } = view.state.selection.main;
    const line = view.state.doc.lineAt(from);
    const column = from - line.from;
    if (!empty || !column || line.text.slice(0, column).trim()) {
      return false;
    }
    return replace(view, from - (column % STEP || Math.min(STEP, column)), from, "", "delete.backward");
  };

  // `else:` and `elif ...:` go back to their `if` when the colon is typed.
  const outdent = EditorView.inputHandler.of((view, from, to, text) => {
    const line = view.state.doc.lineAt(from);
    const isBranch = /^\s+(?:else|elif\s.+)$/.test(line.text.slice(0, from - line.from));
    if (text !== ":" || from !== to || !isBranch || line.number === 1) {
      return false;
    }
    const above = view.state.doc.line(line.number - 1).text;
    if (codeOf(above).endsWith(":") || indentOf(above) > indentOf(line.text)) {
      return false;
    }
    const less = Math.min(STEP, indentOf(line.text));
    return replace(view, line.from, from, `${line.text.slice(less, from - line.from)}:`, "input.type");
  });

  // One that comes as text, from an input method or a tool.
  const noTabs = EditorView.inputHandler.of((view, from, to, text) =>
    text.includes("\t") && replace(view, from, to, text.replace(/\t/g, spaces(STEP)), "input.type"));

  // Escape and then Tab leaves the editor: CodeMirror sees to it.
  window.workbench.typing = [
    indentUnit.of(spaces(STEP)),
    EditorView.clipboardInputFilter.of((text) => text.replace(/\t/g, spaces(STEP))),
    outdent,
    noTabs,
    keymap.of([
      { key: "Enter", run: newLine },
      { key: "Tab", run: tab, shift: indentLess },
      { key: "Backspace", run: back },
      ...defaultKeymap,
      ...historyKeymap,
      ...lintKeymap,
    ]),
  ];
})();
