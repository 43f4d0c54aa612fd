"""How a run came to its end, step by step: what is shown to someone who asks why a value is what it is."""

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeVar

from observations.engine.errors import NotComputable, ScriptFailed
from observations.engine.limits import MAX_TEXT
from observations.engine.values import Value

MAX_SHOWN: Final = 500
"""How many steps are told: more than a person reads, and bounded in size with `MAX_TEXT` characters each."""
_CUT: Final = "..."

Given = TypeVar("Given")


class Result(NamedTuple):
    """What a run gives: one value or a flat record, unrounded, and the steps it took of `MAX_STEPS`."""

    value: Value
    steps: int


class Assigned(NamedTuple):
    """A name was given a value; the value is written as in the language, cut off at 200 characters."""

    line: int
    name: str
    value: str


class Decided(NamedTuple):
    """The condition of an `if` or `elif` was true or false; `text` is the line where it begins."""

    line: int
    text: str
    outcome: bool


class Explanation(NamedTuple):
    """The steps in the order of the run, whether these are all, and how it ended: as `run` ends, always."""

    steps: tuple[Assigned | Decided, ...]
    is_complete: bool
    ending: Result | NotComputable | ScriptFailed


class Watcher:
    """Is told by a running script what it does, and keeps the first of it."""

    def __init__(self) -> None:
        self.steps: list[Assigned | Decided] = []
        self.is_complete = True

    def note_assigned(self, what: tuple[int, str], value: Given) -> Given:
        """Keep what a name was given; gives it on."""
        if self._has_room():
            self.steps.append(Assigned(*what, written(value)))
        return value

    def note_decided(self, what: tuple[int, str], outcome: bool) -> bool:  # noqa: FBT001  called by generated code
        """Keep how a condition was decided; gives it on."""
        if self._has_room():
            self.steps.append(Decided(*what, outcome))
        return outcome

    def _has_room(self) -> bool:
        self.is_complete = len(self.steps) < MAX_SHOWN
        return self.is_complete


def written(value: object) -> str:
    """Give a value as it is written in the language, cut off where it is longer than 200 characters."""
    text = ""
    for piece in _pieces(value):
        text += piece
        if len(text) > MAX_TEXT:
            return text[: MAX_TEXT - len(_CUT)] + _CUT
    return text


def _pieces(value: object) -> Iterator[str]:
    # Piece by piece: a list of records is a thousand times as long as what is shown of it.
    if isinstance(value, tuple):
        yield "["
        for number, item in enumerate(value):
            yield ", " if number else ""
            yield from _pieces(item)
        yield "]"
    elif isinstance(value, dict):
        yield "{"
        for number, (field, part) in enumerate(value.items()):
            yield f'{", " if number else ""}"{field}": '
            yield from _pieces(part)
        yield "}"
    else:
        yield f'"{value}"' if isinstance(value, str) else str(value)
