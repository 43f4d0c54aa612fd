"use strict";

// Problems of a source: where they are marked, and the list of them below.
window.workbench = window.workbench || {};
(() => {
  // Columns of the engine count characters; CodeMirror's offsets count UTF-16 units.
  const offsetOf = (state, problem) => {
    const line = state.doc.line(Math.min(problem.line, state.doc.lines));
    return line.from + [...line.text].slice(0, problem.column - 1).join("").length;
  };

  // The word or the sign at the place; at the end of a line the one before it, so that there is something to underline.
  const markOf = (state, problem) => {
    const at = offsetOf(state, problem);
    const line = state.doc.lineAt(at);
    const from = at === line.to && line.length ? at - 1 : at;
    const word = /^(?:\w+|[^])/.exec(line.text.slice(from - line.from));
    return { from, to: from + (word ? word[0].length : 0), severity: "error", message: problem.message };
  };

  const place = (problem) => `line ${problem.line}, column ${problem.column}: ${problem.message}`;

  const jump = (view, problem) => {
    view.dispatch({ selection: { anchor: offsetOf(view.state, problem) }, scrollIntoView: true });
    view.focus();
  };

  const entry = (view, problem) => {
    const item = document.createElement("li");
    if (!problem.line) {
      item.textContent = problem.message;
      return item;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = place(problem);
    button.addEventListener("click", () => jump(view, problem));
    item.append(button);
    return item;
  };

  const note = (name) => {
    const item = document.createElement("li");
    item.className = "ce-editor-unread";
    item.textContent = `${name} is an input that the script never reads.`;
    return item;
  };

  const verdict = ({ problems, unread }) => {
    const count = problems.length;
    if (count) {
      return count === 1 ? "1 problem" : `${count} problems`;
    }
    // Of the text alone: what the rows say is looked at when the draft is saved.
    return unread.length ? "No problem in the text, but:" : "No problem in the text.";
  };

  // The answer to a source with more characters than a script may have; null for any other.
  window.workbench.tooLong = (source, longest) => {
    const length = source.length > longest ? [...source].length : 0;
    if (length <= longest) {
      return null;
    }
    const [most, own] = [longest, length].map((number) => number.toLocaleString("en"));
    const message = `A script has at most ${most} characters; this one has ${own}.`;
    return { problems: [{ line: 0, column: 0, message }], unread: [] };
  };

  // Marks the answer's problems in the editor and lists them in `list`; `status` says how many there are.
  window.workbench.showProblems = (view, answer, { list, status }) => {
    if (!answer) {
      status.textContent = "The check did not answer. It is tried again with the next change.";
      return;
    }
    const placed = answer.problems.filter((problem) => problem.line);
    view.dispatch(CodeMirror.setDiagnostics(view.state, placed.map((problem) => markOf(view.state, problem))));
    list.replaceChildren(...answer.problems.map((problem) => entry(view, problem)), ...answer.unread.map(note));
    status.textContent = verdict(answer);
    status.dataset.problems = answer.problems.length;
  };
})();
