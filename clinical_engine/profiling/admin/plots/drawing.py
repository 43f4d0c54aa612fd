"""The parts of a drawing as its template takes them. Places are per cent of the width and of the height, as text."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinical_engine.profiling.admin.plots.axis import Axis, Written

# In the middle of its place, a text at the right edge would be cut.
_AT_THE_EDGE = 92.0
_AT_THE_BEGINNING = 6.0
# As many characters as a telephone has room for.
_NAME_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot, and what it says to who points at it; `kind` is its age or what it measures."""

    x: str
    y: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the drawing at a place of one axis, what it says to who points at it, and as much of that as has room."""

    at: str
    words: str
    name: str
    anchor: str = "start"


Tick = tuple[str, str, str]
"""Place, text, and which part of the text stands at the place, as SVG says it."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One plot; `words` say the same to those who do not see it."""

    title: str
    words: str
    marks: Sequence[Mark]
    across: Sequence[Tick]
    up: Sequence[Tick]
    curve: str = ""
    """The points of the fitted curve, as a polyline takes them."""
    limits: Sequence[Line] = ()
    """Lines from left to right."""
    fixed: Sequence[Line] = ()
    """Likewise; that is no limit."""
    releases: Sequence[Line] = ()
    """Lines from below to above."""
    kinds: Sequence[tuple[str, str]] = ()
    """The kinds of marks that need to be told apart, with their names."""


def text(place: float) -> str:
    """A place as SVG takes it: a template would write numbers as the reader's language does."""
    return f"{place:.2f}"


def height(axis: Axis, value: float) -> str:
    """Where a number stands on an axis that goes up: SVG counts from above."""
    return text(100 - axis.place(value))


def ticks_across(axis: Axis, written: Written) -> list[Tick]:
    """The numbers below a drawing."""
    return [(text(place), words, anchor(place)) for place, words in axis.ticks(written)]


def ticks_up(axis: Axis, written: Written) -> list[Tick]:
    """The numbers beside a drawing."""
    return [(text(100 - place), words, "end") for place, words in axis.ticks(written)]


def anchor(place: float) -> str:
    """Which part of a text stands at a place of the width."""
    if place > _AT_THE_EDGE:
        return "end"
    return "start" if place < _AT_THE_BEGINNING else "middle"


def level_line(up: Axis, value: float, words: str) -> Line:
    """A limit or another level, from left to right."""
    name = words if len(words) <= _NAME_LENGTH else f"{words[: _NAME_LENGTH - 1]}…"
    return Line(height(up, value), words, name)
