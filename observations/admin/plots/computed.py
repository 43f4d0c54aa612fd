"""Results as marks: what they mean is told by shape and colour, why there is none by a gap."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clinical_engine.staff.cells import moment_text
from observations.admin.cells import shown_unit
from observations.admin.plots.axis import ValueAxis
from observations.admin.plots.marks import Frame, Mark, Shape, State, number, page_of, short
from observations.admin.plots.results import Result, Series

_OBSERVATION = "admin:observations_observation_change"
# In per cent of the height: at the lower edge, out of the way of what has a value.
_GAP = 97.0
_MEANINGS: Mapping[str, tuple[State, Shape]] = {
    "": (State.COMPUTED, Shape.DIAMOND),
    "normal": (State.COMPUTED, Shape.DIAMOND),
    "abnormal": (State.ABNORMAL, Shape.SQUARE),
    "critical": (State.CRITICAL, Shape.STAR),
}
_SAID = {State.MISSING: "not computable"}


@dataclass(frozen=True, slots=True)
class DrawnSeries:
    """What is drawn of one output."""

    name: str
    newest: str
    """The newest value that stands, or why there is none."""
    newest_at: str
    marks: Sequence[Mark]
    lines: Sequence[str]
    """Polylines through what stands; none across what was not computable."""
    undrawn: int

    @property
    def words(self) -> str:
        """What is drawn, for those who do not see it."""
        number_of = len(self.marks)
        said = [f"{self.name}: {number_of} result{'' if number_of == 1 else 's'} drawn"]
        counted = (State.ABNORMAL, State.CRITICAL, State.SUPERSEDED, State.MISSING)
        counts = {state: sum(mark.state == state for mark in self.marks) for state in counted}
        said += [f"{count} {_SAID.get(state, state)}" for state, count in counts.items() if count]
        return f"{', '.join(said)}; newest {self.newest} {self.newest_at}"


def numbers_in(series: Series) -> tuple[list[float], list[float]]:
    """The numbers that stand, and those that were superseded."""
    numbers = [(one.number, one.is_superseded) for one in series.results if one.number is not None]
    return [value for value, is_old in numbers if not is_old], [value for value, is_old in numbers if is_old]


def drawn(series: Series, name: str, axis: ValueAxis, frame: Frame) -> DrawnSeries:
    """A series under that name, on an axis that holds its numbers."""
    standing = [one for one in series.results if not one.is_superseded]
    newest = standing[-1] if standing else None
    return DrawnSeries(
        name,
        "none that stands" if newest is None else _value(newest),
        "" if newest is None else moment_text(newest.as_of, frame.zone),
        [_mark(one, name, axis, frame) for one in series.results],
        [*_lines(standing, axis, frame)],
        series.results[0].in_all - len(series.results),
    )


def name_of(series: Series, frame: Frame) -> str:
    """What the catalogue calls the output; the script and its field where it does not have it."""
    entry = frame.codes.by_code.get(series.code)
    return f"{series.script}: {series.field}" if entry is None else entry.display


def _mark(result: Result, name: str, axis: ValueAxis, frame: Frame) -> Mark:
    state, shape = _MEANINGS[result.interpretation]
    place = _GAP if result.number is None else axis.place_of_mark(result.number)
    if result.number is None:
        state, shape = State.MISSING, Shape.GAP
    said = [f"{name}: {_value(result)}", moment_text(result.as_of, frame.zone)]
    if result.is_superseded:
        state = State.SUPERSEDED
        said.append(f"superseded: {result.superseded_because}")
    return Mark(
        number(frame.scale.place(result.as_of)),
        [(number(place), shape)],
        state,
        is_flagged=False,
        words="; ".join(said),
        url=page_of(_OBSERVATION, result.id),
    )


def _value(result: Result) -> str:
    if result.number is None:
        return f"not computable: {result.not_computable}"
    value = f"{short(result.number)} {shown_unit(result.unit)}".strip()
    return f"{value} ({result.interpretation})" if result.interpretation else value


def _lines(results: Sequence[Result], axis: ValueAxis, frame: Frame) -> Iterator[str]:
    points: list[str] = []
    for result in [*results, None]:
        if result is not None and result.number is not None:
            points.append(f"{number(frame.scale.place(result.as_of))},{number(axis.place(result.number))}")
            continue
        # A line through a gap would show values that nobody computed.
        if len(points) > 1:
            yield " ".join(points)
        points = []
