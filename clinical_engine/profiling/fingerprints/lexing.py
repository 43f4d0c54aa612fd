"""The words of a statement, after 'Lexical Structure' in PostgreSQL's manual (4.1), with the driver's placeholders among them.

Its own rules, not SQL's in general: where a literal ends decides whether a part of a value is taken for a word. Each literal may
also end with the text, which is cut where it is too long.
"""

import re

from clinical_engine.profiling.fingerprints.keywords import COMMANDS, KEYWORDS

VALUE = "?"
_SPACE = r"[ \t\n\r\f\v]"
_LETTER = r"[A-Za-z_\x80-\U0010ffff]"
_IN_NAME = r"[A-Za-z0-9_$\x80-\U0010ffff]"
# What follows the first character of each.
REST_OF_PLAIN = r"[^']*+(?:''[^']*+)*+(?:'|\Z)"
REST_OF_ESCAPED = r"[^'\\]*+(?:(?:''|\\.|\\\Z)[^'\\]*+)*+(?:'|\Z)"
REST_OF_DOLLAR_QUOTED = (
    rf"(?P<tag>(?:{_LETTER}[A-Za-z0-9_\x80-\U0010ffff]*+)?)(?:\Z|\$(?:.*?\$(?P=tag)\$|.*))"
)
REST_OF_QUOTED_NAME = r'[^"]*+(?:""[^"]*+)*+(?:"|\Z)'
REST_OF_LINE_COMMENT = r"-[^\n\r]*+"
# Comments nest, which a pattern follows to a depth. Beyond it, and where one does not end, all that follows counts as comment.
_NESTED = r"\*(?:[^*/]|\*(?!/)|/(?!\*))*+\*/"
for _ in range(3):
    _NESTED = rf"\*(?:[^*/]|\*(?!/)|/(?!\*)|/{_NESTED})*+\*/"
REST_OF_COMMENT = rf"(?:{_NESTED}|\*.*)"
PARAMETER = r"%s(?![A-Za-z0-9_])|%\([^()%']*\)s|\$[0-9]+|\?(?![|&])"
# `ORDER BY 2 DESC, 1`: a number that says which column, not a value.
_AFTER_POSITION = (
    "ASC|DESC|NULLS|LIMIT|OFFSET|FETCH|FOR|HAVING|ORDER|WINDOW|UNION|INTERSECT|EXCEPT|ON|RETURNING"
)

_TOKEN = re.compile(
    rf"""
    (?P<skipped> {_SPACE}++ | -{REST_OF_LINE_COMMENT} | /{REST_OF_COMMENT} )
  | (?P<word> {_LETTER}(?<![eEbBxXnNuU]){_IN_NAME}*+ | [a-zA-Z](?!'|&'|&"){_IN_NAME}*+ )
  | (?P<parameter> {PARAMETER} )
  | (?P<quoted> (?:[uU]&)?"{REST_OF_QUOTED_NAME} )
  | (?P<string> [eE]'{REST_OF_ESCAPED} | (?:[bBxXnN]|[uU]&)?'{REST_OF_PLAIN} | \${REST_OF_DOLLAR_QUOTED} )
  | (?P<position> [0-9]{{1,2}}(?={_SPACE}*+(?:[,);]|\Z|(?i:{_AFTER_POSITION})(?!{_IN_NAME}))) )
  | (?P<number> \.?[0-9](?:[eE][+-][0-9]|(?![eE]')[A-Za-z0-9_.\x80-\U0010ffff])*+ )
  | (?P<operator> ::|:= | (?:%%|(?!--|/\*|{PARAMETER})[+\-*/<>=~!@\#%^&|`?])++ )
  | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SIGNS = ("+", "-")
_KEYWORDS_WITH_VALUE = {"CURRENT_DATE", "CURRENT_TIMESTAMP", "END"}
_SIGNS_BELONG_WITH = re.compile(r"[~!@#%^&|`?]")
_CONSTANTS = {"NULL", "TRUE", "FALSE"}
# IS NULL, NOT NULL, ON DELETE SET NULL, ON TRUE: part of what is asked, not a value.
_KEEP_CONSTANTS = {"IS", "NOT", "SET", "ON", "DEFAULT"}
# Savepoints, cursors, temporary tables and prepared statements are numbered.
_NUMBER_IN_NAME = re.compile(r"_(?:[0-9]+|(?=[a-f]*[0-9])[0-9a-f]{8,})(?=_|\"|$)")
_NUMBERED = {"SAVEPOINT", "RELEASE", "TO", "DECLARE", "CLOSE", "PREPARE", "EXECUTE", "DEALLOCATE"}
_DIGITS = re.compile(r"[0-9]+")


def tokens_of(text: str) -> list[str]:
    """The statement's words, without comments; each value and placeholder is '?', keywords are large, other words small."""
    found: list[str] = []
    string_before = counts_columns = False
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "skipped":
            continue
        before = found[-1] if found else None
        if kind == "word" and before == "UNION" and token.upper() == "ALL":
            found[-1] = "UNION ALL"
        elif kind == "word":
            found.append(_word(token, before))
        elif kind == "quoted":
            found.append(_name(token, before))
        elif kind == "operator":
            found.extend(_operators(token))
        elif kind == "other" or (kind == "position" and counts_columns and before in {"BY", ","}):
            found.append(token)
        elif not (kind == "string" and string_before):
            _add_value(found)
        string_before = kind == "string"
        counts_columns = found[-1] == "BY" or (counts_columns and _still_counts_columns(found[-1]))
    return found


def _still_counts_columns(word: str) -> bool:
    """Whether numbers behind this word are positions, as those before it were."""
    return word not in {"(", ")", "["} and (word not in KEYWORDS or word in {"ASC", "DESC", "NULLS"})


def _word(token: str, before: str | None) -> str:
    keyword = token.upper()
    if keyword not in KEYWORDS and not (keyword in COMMANDS and before in {None, ";"}):
        return _name(token.lower(), before)
    if keyword in _CONSTANTS and before not in _KEEP_CONSTANTS:
        return VALUE
    # The name of a procedure may be a word that means something elsewhere.
    return keyword if before != "CALL" else token.lower()


def _name(token: str, before: str | None) -> str:
    if before in _NUMBERED:
        return _DIGITS.sub("0", token)
    return _NUMBER_IN_NAME.sub("_0", token) if "_" in token else token


def _operators(token: str) -> list[str]:
    """One, or one and the sign of what follows it: PostgreSQL reads `=-1` as `= -1`, but `@-1` as `@- 1`."""
    token = token.replace("%%", "%")
    if len(token) > 1 and token[-1] in _SIGNS and not _SIGNS_BELONG_WITH.search(token):
        return [*_operators(token[:-1]), token[-1]]
    return [token]


def _add_value(found: list[str]) -> None:
    if found and found[-1] in _SIGNS and _is_sign(found[-2] if len(found) > 1 else None):
        found[-1] = VALUE
    elif found[-1:] == ["IN"]:
        # The driver makes a list of a tuple.
        found.extend(["(", VALUE, ")"])
    else:
        found.append(VALUE)


def _is_sign(before: str | None) -> bool:
    """Whether a sign behind it is no operator: nothing that has a value ends there."""
    if before is None or before in KEYWORDS:
        return before not in _KEYWORDS_WITH_VALUE
    return not (before[-1].isalnum() or before[-1] in '_$")]?')
