"""Lists of any length brought to one length: what is repeated, and differs in nothing but its values, stands once."""

from dataclasses import dataclass, field
from itertools import groupby, pairwise

from clinical_engine.profiling.fingerprints.values import are_alike, bared, with_whole_values

# Something is repeated with one of these between, from the one that binds most closely.
_RANKS = {"AND": 0, "OR": 1, "WHEN": 2, "UNION": 3, "UNION ALL": 3, ";": 4}
_END = 9
# What else ends the operands of AND and OR, and of WHEN.
_CLAUSES = {
    "THEN",
    ",",
    "ORDER",
    "GROUP",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "RETURNING",
    "FOR",
    "WINDOW",
    "FETCH",
    "SET",
    "FROM",
}
_CLAUSES |= {"WHERE", "JOIN", "LEFT", "RIGHT", "INNER", "CROSS", "ON", "DO", "AS"}
_ENDED_RANKS = _RANKS | dict.fromkeys(_CLAUSES, 1) | {"ELSE": 2}
_STARTS = {"WHERE", "ON", "HAVING", "(", "WHEN", "NOT", None}
# What may stand before an operand that is like the one behind it; `a = ? AND b = ? OR b = ?` is no chain.
_BEFORE_OPERAND: dict[str, set[str | None]] = {
    "AND": {*_STARTS, "AND", "OR"},
    "OR": {*_STARTS, "OR"},
    "WHEN": {"WHEN"},
    "UNION": {"(", "UNION", None},
    "UNION ALL": {"(", "UNION ALL", None},
    ";": {";", None},
}
_BEFORE_CONDITION = {"WHERE", "AND", "OR", "ON", "HAVING", "WHEN"}
_AFTER_CONDITION = {
    "AND",
    "OR",
    ")",
    "THEN",
    "ORDER",
    "GROUP",
    "LIMIT",
    "RETURNING",
    "FOR",
    "UNION",
    "UNION ALL",
    ";",
    None,
}
_QUERIES = (["SELECT"], ["WITH"], ["VALUES"])


@dataclass(slots=True)
class _Frame:
    """What is known of a pair of brackets (or of CASE and END) before it is closed. Numbers are positions in what is written."""

    start: int
    opening: str | None = None
    before: str | None = None
    commas: list[int] = field(default_factory=list)
    separators: dict[str, int] = field(default_factory=dict)
    # Of VALUES, while its rows go on.
    rows: set[tuple[str, ...]] | None = None
    first_bracket_ends: int | None = None
    has_repeated: bool = False


class _Folding:
    """Writes the words of a statement, and takes back those of a repetition as soon as it is complete."""

    def __init__(self, *, has_whole_values: bool) -> None:
        # Without them words that differ need no second look.
        self._has_whole_values = has_whole_values
        self.written: list[str] = []
        self._frames = [_Frame(0)]
        # The bracket that has just been closed: where it begins, and what stands before it.
        self._closed: tuple[int, str | None] | None = None

    def add(self, word: str) -> None:
        self._unwrap(word)
        frame = self._frames[-1]
        if word in _ENDED_RANKS:
            self._fold_chains(frame, _ENDED_RANKS[word])
            if word in _RANKS:
                frame.separators[word] = len(self.written)
        if word in {")", "]", "END"} and len(self._frames) > 1:
            self._close(word)
        else:
            self._note(frame, word)
            self.written.append(word)

    def _note(self, frame: _Frame, word: str) -> None:
        if word == ",":
            frame.commas.append(len(self.written))
        elif word in {"(", "[", "CASE"}:
            before = self.written[-1] if self.written else None
            self._frames.append(_Frame(len(self.written) + 1, word, before))
        elif word == "VALUES":
            frame.rows = set()
        else:
            frame.rows = None

    def end(self) -> None:
        """The statement is complete."""
        self._unwrap(None)
        self._fold_chains(self._frames[-1], _END)
        while self.written[-1:] == [";"]:
            self.written.pop()

    def cut(self) -> None:
        """The statement goes on: what there is of an unfinished repetition depends on its values, and is left out."""
        for frame in reversed(self._frames):
            if frame.has_repeated and (ends := [*frame.separators.values(), *frame.commas[-1:]]):
                del self.written[max(ends) :]
                return
        for frame in reversed(self._frames):
            if frame.commas and self._is_list(frame):
                del self.written[frame.commas.pop() :]
                self._fold_elements(frame)
                return

    def _fold_chains(self, frame: _Frame, rank: int) -> None:
        for separator, position in sorted(frame.separators.items(), key=lambda item: _RANKS[item[0]]):
            if _RANKS[separator] <= rank:
                del frame.separators[separator]
                self._fold_operand(frame, separator, position)

    def _fold_operand(self, frame: _Frame, separator: str, position: int) -> None:
        """Take back the operand behind the separator, when the one before it is the same."""
        length = len(self.written) - position - 1
        begin = position - length
        if not length or begin < frame.start:
            return
        one, other = self.written[begin:position], self.written[position + 1 :]
        if one != other and not (self._has_whole_values and are_alike(one, other)):
            return
        before = self.written[begin - 1] if begin else None
        if before in _BEFORE_OPERAND[separator]:
            del self.written[position:]
            frame.has_repeated = True

    def _close(self, word: str) -> None:
        frame = self._frames.pop()
        self._fold_chains(frame, _END)
        if self._is_list(frame):
            self._fold_elements(frame)
        if frame.first_bracket_ends == len(self.written) and frame.before in _BEFORE_CONDITION:
            del self.written[-1], self.written[frame.start]
        self.written.append(word)
        if frame.opening == "(":
            self._close_bracket(frame, self._frames[-1])

    def _close_bracket(self, frame: _Frame, outer: _Frame) -> None:
        if self._is_known_row(frame, outer):
            del self.written[outer.commas.pop() :]
            outer.has_repeated = True
            return
        self._closed = (frame.start - 1, frame.before)
        if outer.start == frame.start - 1:
            outer.first_bracket_ends = len(self.written)

    def _is_list(self, frame: _Frame) -> bool:
        if frame.opening == "[":
            return True
        return frame.before == "IN" and self.written[frame.start : frame.start + 1] not in _QUERIES

    def _fold_elements(self, frame: _Frame) -> None:
        edges = [frame.start - 1, *frame.commas, len(self.written)]
        elements = [self.written[begin + 1 : end] for begin, end in pairwise(edges)]
        kept = [next(run) for _, run in groupby(elements, key=bared if self._has_whole_values else None)]
        frame.has_repeated = len(kept) < len(elements)
        del self.written[frame.start :]
        for number, element in enumerate(kept):
            self.written.extend([",", *element] if number else element)

    def _is_known_row(self, frame: _Frame, outer: _Frame) -> bool:
        if outer.rows is None or frame.before not in {"VALUES", ","}:
            return False
        row = tuple(bared(self.written[frame.start :]))
        if row in outer.rows:
            return True
        outer.rows.add(row)
        return False

    def _unwrap(self, word: str | None) -> None:
        """Take the brackets off a condition that does without: a chain has them, one operand alone may not."""
        if self._closed is None:
            return
        (start, before), self._closed = self._closed, None
        inside = self.written[start + 1 : -1]
        if before in _BEFORE_CONDITION and word in _AFTER_CONDITION and _is_single(inside):
            self.written[start:] = inside


def _is_single(condition: list[str]) -> bool:
    return bool(condition) and condition[:1] not in _QUERIES and not {"AND", "OR"} & set(condition)


def fold(words: list[str], *, is_cut: bool) -> list[str]:
    """The words of a statement with each list at its shortest, and values as `with_whole_values` makes them.

    `is_cut` says that they are only its beginning.
    """
    whole = with_whole_values(words)
    folding = _Folding(has_whole_values=whole is not words)
    for word in whole:
        folding.add(word)
    if is_cut:
        folding.cut()
    else:
        folding.end()
    return folding.written
