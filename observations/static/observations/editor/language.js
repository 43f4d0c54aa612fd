"use strict";

// What each word of the script language is, for its colour. The words come from the page.
window.workbench = window.workbench || {};
(() => {
  const { StreamLanguage, syntaxHighlighting, tagHighlighter, tags } = CodeMirror;

  const TOKENS = [
    ["comment", /^#.*/],
    ["text", /^(?:"[^"]*"?|'[^']*'?)/],
    ["number", /^(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/],
    ["name", /^[A-Za-z_]\w*/],
    ["operator", /^[-+*/%<>=!]+/],
  ];

  const KINDS = {
    keyword: tags.keyword,
    constant: tags.atom,
    function: tags.function(tags.variableName),
    input: tags.special(tags.variableName),
    number: tags.number,
    text: tags.string,
    comment: tags.comment,
    operator: tags.operator,
  };

  const kindOf = (name, words) => Object.keys(words).find((kind) => words[kind].includes(name)) || null;

  const next = (stream, state, words) => {
    if (stream.eatSpace()) {
      return null;
    }
    const isField = state.afterDot;
    state.afterDot = false;
    for (const [kind, pattern] of TOKENS) {
      const found = stream.match(pattern);
      if (found) {
        const isName = kind === "name";
        return isName && isField ? null : isName ? kindOf(found[0], words) : kind;
      }
    }
    state.afterDot = stream.next() === ".";
    return null;
  };

  // A language of CodeMirror. `words` has the names of each kind: keyword, constant, function, input.
  window.workbench.highlighting = (words) =>
    StreamLanguage.define({
      name: "script",
      tokenTable: KINDS,
      startState: () => ({ afterDot: false }),
      token: (stream, state) => next(stream, state, words),
    });

  window.workbench.colours = syntaxHighlighting(
    tagHighlighter(Object.entries(KINDS).map(([kind, tag]) => ({ tag, class: `ce-script-${kind}` }))),
  );
})();
