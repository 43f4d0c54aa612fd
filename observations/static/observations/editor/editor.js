"use strict";

// Puts the editor in the place of each textarea of `ScriptEditor`, which stays the form's field.
(() => {
  const {
    bracketMatching, Compartment, drawSelection, EditorState, EditorView, highlightActiveLine, highlightActiveLineGutter, history,
    keymap, lineNumbers, lintGutter,
  } = CodeMirror;
  const { checker, colours, highlighting, showProblems, tooLong, typing } = window.workbench;
  const nonce = document.currentScript.nonce;

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  };

  const frameAround = (textarea) => {
    const status = element("p", "ce-editor-status");
    status.setAttribute("role", "status");
    const list = element("ul", "ce-editor-problems");
    list.setAttribute("aria-label", "Problems");
    const hint = element("p", "ce-note", "Tab indents. Press Escape, then Tab, to leave the editor.");
    const frame = element("div", "ce-editor", status, list, hint);
    textarea.after(frame);
    textarea.hidden = true;
    // The browser would ask for a hidden field in a bubble that nobody sees; the server asks in words.
    textarea.required = false;
    return { frame, status, list };
  };

  // The inputs that the form's rows name, else those that the page gave.
  const namesOf = (textarea, config) => {
    const rows = [...(textarea.form?.querySelectorAll("[data-input-name]") || [])];
    const names = rows.filter((row) => !row.disabled).map((row) => row.value.trim());
    return rows.length ? names.filter(Boolean) : config.names;
  };

  const DECLARING = ["what", "code", "fact", "how", "take", "fields_read", "missing"];

  // What the rows of the inputs say of each, as far as its kind depends on it. What does not apply to a row says nothing.
  const declaredOf = (textarea) => {
    const said = (row, field) => {
      const found = row.querySelector(`[data-field="${field}"] :is(input, select, textarea)`);
      return !found || found.disabled ? "" : found.value.trim();
    };
    const names = [...(textarea.form?.querySelectorAll("[data-input-name]") || [])].filter((name) => !name.disabled);
    return Object.fromEntries(names.map((name) => {
      const row = name.closest("[data-row]");
      return [name.value.trim(), Object.fromEntries(DECLARING.map((field) => [field, said(row, field)]))];
    }));
  };

  const wordsOf = (textarea, config) => ({ ...config.words, input: namesOf(textarea, config) });

  const save = (textarea) => {
    const wish = new CustomEvent("workbench:save", { bubbles: true, cancelable: true });
    if (textarea.dispatchEvent(wish)) {
      textarea.form?.requestSubmit();
    }
    return true;
  };

  const open = (textarea) => {
    const config = JSON.parse(document.getElementById(textarea.dataset.scriptEditor).textContent);
    const label = textarea.labels[0];
    const parts = frameAround(textarea);
    const words = new Compartment();

    const view = new EditorView({
      doc: textarea.value,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce) : [],
        lineNumbers(), lintGutter(), history(), drawSelection(), highlightActiveLine(), highlightActiveLineGutter(),
        bracketMatching(), EditorView.lineWrapping,
        EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({ "aria-label": label?.textContent.trim() || "Script", spellcheck: "false" }),
        keymap.of([{ key: "Mod-s", run: () => save(textarea), preventDefault: true }]),
        typing,
        words.of(highlighting(wordsOf(textarea, config))),
        colours,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) {
            textarea.value = view.state.doc.toString();
            textarea.dispatchEvent(new Event("input", { bubbles: true }));
            check.soon();
          }
        }),
      ],
    });
    parts.frame.prepend(view.dom);

    const check = checker({
      url: config.check,
      token: () => textarea.form.elements.csrfmiddlewaretoken.value,
      // The server refuses a very long one unread.
      known: () => tooLong(view.state.doc.toString(), config.longest),
      ask: () => ({
        source: view.state.doc.toString(), inputs: namesOf(textarea, config), declared: declaredOf(textarea),
      }),
      show: (answer) => showProblems(view, answer, parts),
    });

    const inputs = () => JSON.stringify([namesOf(textarea, config), declaredOf(textarea)]);
    let known = inputs();
    const hearOfInputs = () => {
      if (inputs() !== known) {
        known = inputs();
        view.dispatch({ effects: words.reconfigure(highlighting(wordsOf(textarea, config))) });
        check.soon();
      }
    };
    for (const event of ["input", "workbench:rows"]) {
      textarea.form?.addEventListener(event, hearOfInputs);
    }
    for (const button of textarea.form?.querySelectorAll("[data-script-check]") || []) {
      button.hidden = false;
      button.addEventListener("click", check.now);
    }
    label?.addEventListener("click", () => view.focus());
    check.now();
  };

  document.querySelectorAll("textarea[data-script-editor]").forEach(open);
})();
