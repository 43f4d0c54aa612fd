"""Readings without a number, as events: each answer in a row of its own, and what would hide each other in one mark."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from observations.admin.plots.marks import (
    Frame,
    Mark,
    Shape,
    State,
    list_of,
    mark_of,
    number,
    said_of,
    state_of,
)
from observations.admin.plots.reading import NAMED
from observations.catalogue import Entry
from observations.models import ValueKind

# In per cent of the width: about the width of a mark.
_APART = 0.9
_MOST_ROWS = 6
# In pixels; a row is as high as a mark and the one that is moved out of its way.
_LEAST_HEIGHT, _ROW_HEIGHT, _STEP = 40, 24, 8
OTHERS = "other answers"


@dataclass(frozen=True, slots=True)
class Lane:
    """The rows, by name from the top; '' of a single one that needs none."""

    names: Sequence[str]
    row_of: Callable[[Any], int]
    """The number of the row that a reading stands in."""

    @property
    def height(self) -> int:
        """In pixels."""
        return max(_LEAST_HEIGHT, _ROW_HEIGHT * len(self.names))

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """The name of each row, with its place in per cent of the height."""
        return [(number(self.place(row)), name) for row, name in enumerate(self.names) if name]

    def place(self, row: int) -> float:
        """The middle of a row, in per cent of the height."""
        return (row + 0.5) / len(self.names) * 100


def lane_of(entry: Entry, rows: Sequence[Any]) -> Lane:
    """The lane of a code's readings."""
    if entry.kind == ValueKind.BOOLEAN:
        return Lane(["yes", "no"], lambda row: 0 if row.value_boolean else 1)
    given = {row.value_answer for row in rows if row.value_answer is not None}
    if not given:
        return Lane([""], lambda _: 0)
    # In the catalogue's order, which is mostly one of severity; what it lacks comes last.
    order = list(entry.answers)
    answers = sorted(
        given, key=lambda answer: (order.index(answer) if answer in order else len(order), answer)
    )
    own = answers if len(answers) <= _MOST_ROWS else answers[: _MOST_ROWS - 1]
    places = {answer: place for place, answer in enumerate(own)}
    names = [entry.answers.get(answer, answer) for answer in own]
    # A reading that has no answer (its code took another kind of value once) stands with the others.
    has_others = len(own) < len(answers) or any(row.value_answer is None for row in rows)
    return Lane(
        [*names, *([OTHERS] if has_others else [])], lambda row: places.get(row.value_answer, len(own))
    )


def marks_in(lane: Lane, rows: Sequence[Any], frame: Frame) -> list[Mark]:
    """The marks of the readings, the oldest first: those of one row, time and state are one mark with their number."""
    clusters = sorted(_clusters(lane, rows, frame), key=lambda cluster: (cluster.row, cluster.x))
    marks: list[Mark] = []
    level, before = 0, None
    for cluster in clusters:
        is_close = before is not None and before.row == cluster.row and cluster.x - before.x <= _APART
        level, before = level + 1 if is_close else 0, cluster
        marks.append(_mark(cluster, lane, level, frame))
    return sorted(marks, key=lambda mark: float(mark.x))


class _Cluster:
    """Readings that would hide each other."""

    def __init__(self, row: int, x: float, first: Any) -> None:  # noqa: ANN401 - a row of `readings_of`
        self.row, self.x = row, x
        self.readings = [first]

    @property
    def count(self) -> int:
        """How many there are, those among them that were not even read."""
        return sum({reading.spot: reading.in_spot for reading in self.readings}.values())

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when to when all of these were measured."""
        begins = min(reading.spot_begins for reading in self.readings)
        return begins, max(reading.spot_ends for reading in self.readings)

    @property
    def answers(self) -> Mapping[str, object]:
        """The lookups that let through what they all answer; none where they answer several things."""
        given = {(reading.value_boolean, reading.value_answer) for reading in self.readings}
        if len(given) > 1:
            return {}
        columns = zip(("value_boolean", "value_answer"), given.pop(), strict=True)
        return dict(_lookup(column, value) for column, value in columns)


def _lookup(column: str, value: object) -> tuple[str, object]:
    if value is None:
        return f"{column}__isnull", 1
    return f"{column}__exact", int(value) if isinstance(value, bool) else value


def _clusters(lane: Lane, rows: Sequence[Any], frame: Frame) -> Iterator[_Cluster]:
    opened: dict[tuple[int, State, bool], _Cluster] = {}
    for reading in rows:
        row, x = lane.row_of(reading), frame.scale.place(reading.measured_at)
        key = row, state_of(reading), reading.is_implausible
        cluster = opened.get(key)
        if cluster is not None and x - cluster.x <= _APART:
            cluster.readings.append(reading)
        else:
            opened[key] = cluster = _Cluster(row, x, reading)
            yield cluster


def _mark(cluster: _Cluster, lane: Lane, level: int, frame: Frame) -> Mark:
    newest = cluster.readings[-1]
    # Above and below in turn: a lane has no more room than that.
    moved = (level + 1) // 2 * (-1 if level % 2 else 1) * _STEP / lane.height * 100
    mark = mark_of(newest, [(lane.place(cluster.row) + moved, _shape(newest))], frame)
    if cluster.count == 1:
        return mark
    told = "; ".join(said_of(reading, frame) for reading in cluster.readings[:NAMED])
    more = cluster.count - min(len(cluster.readings), NAMED)
    name = frame.codes.by_id[newest.code_id].display
    words = f"{name}: {cluster.count} readings: {told}{f'; and {more} more' if more else ''}"
    place = number(frame.scale.place(cluster.readings[0].measured_at))
    if not cluster.answers:
        words += "; their list has every answer of that time"
    listed = list_of(newest, cluster.span, cluster.answers, frame)
    return Mark(place, mark.ends, mark.state, mark.is_flagged, words, listed, cluster.count)


def _shape(row: Any) -> Shape:  # noqa: ANN401 - a row of `readings_of`
    if state_of(row) == State.CORRECTED:
        return Shape.CROSSED
    return Shape.UP if row.is_implausible else Shape.DOT
