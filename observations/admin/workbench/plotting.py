"""What a version gives for a patient, drawn above what stands: both of an output on one axis."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from observations.admin.cells import shown_unit
from observations.admin.plots.axis import ValueAxis, axis_over
from observations.admin.plots.computed import DrawnSeries, drawn, numbers_in
from observations.admin.plots.drawing import MANY, Drawing, associations_of
from observations.admin.plots.marks import Frame, number
from observations.admin.plots.plots import Plot
from observations.admin.plots.results import Result, Series
from observations.admin.plots.times import times_of
from observations.catalogue import catalogue
from observations.computing.rehearsing import Rehearsed
from observations.computing.times import microseconds
from observations.models import ScriptVersion
from observations.scripts.declarations import DeclaredOutput, OutputKind, declared_outputs
from patients.admin.timeline.lanes import lanes_of
from patients.admin.timeline.scale import scale_over
from patients.models import Patient

_NO_ID = UUID(int=0)
# Of all plots together: as many as a patient's own page draws.
MARKS = MANY.readings


class _Point(NamedTuple):
    """A result of either side, as far as it is drawn."""

    as_of: datetime
    id: UUID
    values: Mapping[str, object] | None
    interpretation: str
    not_computable: str


def drawing_of(version: ScriptVersion, patient: Patient, results: Sequence[Rehearsed]) -> Drawing | None:
    """The drawing for `admin/observations/plots.html`; None without an output that is a number, or without a result.

    A mark of the version leads to the row '#at-<its time>', one of what stands to its observation. Two queries.
    """
    outputs = [
        (name, one)
        for name, one in declared_outputs(version.outputs).items()
        if one.kind is OutputKind.NUMBER
    ]
    if not outputs or not results:
        return None
    drawn_of = results[-max(1, MARKS // (2 * len(outputs))) :]
    zone = patient.organisation.zone
    scale = scale_over(drawn_of[0].as_of, drawn_of[-1].as_of, drawn_of[-1].as_of)
    frame = Frame(catalogue(), scale, zone)
    plots = [plot for name, one in outputs for plot in _plots(name, one, drawn_of, frame)]
    return Drawing(
        lanes=lanes_of(associations_of(patient, scale), [], scale, zone),
        plots=plots,
        ticks=times_of(scale, zone),
        now="",
        period="",
        title=f"The newest {len(drawn_of):,} are drawn." if len(drawn_of) < len(results) else "",
        time_zone=zone,
        scale=scale,
        silent=[],
        left_out=0,
        results_left_out=0,
        rows=[],
        codes=frame.codes,
    )


def _plots(name: str, output: DeclaredOutput, results: Sequence[Rehearsed], frame: Frame) -> Iterator[Plot]:
    title = frame.codes.by_code[output.code].display if output.code in frame.codes.by_code else name
    new = _series(name, output, [_given(one) for one in results if not one.failure])
    old = _series(name, output, [_standing(one) for one in results if one.stands is not None])
    numbers = [value for series in (new, old) for value in numbers_in(series)[0]]
    axis = axis_over(numbers or [0.0], [])
    if new.results:
        one = drawn(new, f"{title}: this version", axis, frame)
        marks = zip(one.marks, new.results, strict=True)
        led = [replace(mark, url=f"#at-{microseconds(result.as_of)}") for mark, result in marks]
        yield _plot(replace(one, marks=led), output, axis)
    if old.results:
        yield _plot(drawn(old, f"{title}: stands now", axis, frame), output, axis)


def _plot(series: DrawnSeries, output: DeclaredOutput, axis: ValueAxis) -> Plot:
    ticks = [(number(at), text) for at, text in axis.ticks()]
    return Plot(series.name, shown_unit(output.unit), True, "", "", [], ticks, results=[series])


def _series(name: str, output: DeclaredOutput, points: Sequence[_Point]) -> Series:
    results = [_result(name, output, point, len(points)) for point in points]
    return Series(output.code, output.unit, name, "", frozenset(), results)


def _result(name: str, output: DeclaredOutput, point: _Point, in_all: int) -> Result:
    value = None if point.values is None else point.values.get(name)
    return Result(
        point.id,
        _NO_ID,
        name,
        output.code,
        output.unit,
        point.as_of,
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None,
        point.interpretation,
        point.not_computable,
        superseded_because="",
        is_superseded=False,
        in_all=in_all,
    )


def _given(one: Rehearsed) -> _Point:
    output = one.output
    if output is None:
        return _Point(one.as_of, _NO_ID, None, "", one.not_computable)
    return _Point(one.as_of, _NO_ID, output.values, output.interpretation, "")


def _standing(one: Rehearsed) -> _Point:
    stands = one.stands
    assert stands is not None  # noqa: S101 - for the type checker; the caller has looked
    return _Point(one.as_of, UUID(stands.id), stands.values, stands.interpretation, stands.not_computable)
