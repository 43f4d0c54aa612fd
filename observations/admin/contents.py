"""The two contents of a conflict side by side, what differs between them marked."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import chain

from clinical_engine.staff import panels
from clinical_engine.staff.cells import NOTHING, Tone, badge, moment, page_of
from observations.admin.cells import canonical, in_full, parts_of
from observations.catalogue import Catalogue, catalogue
from observations.models import Measurement, MeasurementConflict

_HEADERS = ("", "Sent first", "Sent later", "")
Line = tuple[object, object, object, bool]
"""What it is, in the first and in the second content, and whether it differs."""


def both_contents(conflict: MeasurementConflict) -> dict[str, object]:
    """The context of a table; one query."""
    lines = chain(_subject(conflict), _values(conflict, catalogue()), _times(conflict))
    differs = badge("differs", Tone.WAITING)
    rows = [
        (name, first or NOTHING, second or NOTHING, differs if is_other else "")
        for name, first, second, is_other in lines
    ]
    return panels.table(_HEADERS, rows, empty="")


def _subject(conflict: MeasurementConflict) -> Iterator[Line]:
    first, patient = conflict.measurement, conflict.measurement.patient
    page = page_of("admin:observations_measurement_change", first.pk, "the measurement")
    yield "Kept as", page, "this conflict", False
    yield _line("Patient", patient.external_id, conflict.external_id)
    yield _line("What", str(first.code), str(conflict.code))
    yield _line("Code", first.code.code, conflict.code.code)


def _values(conflict: MeasurementConflict, codes: Catalogue) -> Iterator[Line]:
    first = conflict.measurement
    if first.components is None or conflict.components is None:
        yield _line("Value", _value(first, codes), _value(conflict, codes))
        return
    before = {part.code: part for part in parts_of(first, codes)}
    after = {part.code: part for part in parts_of(conflict, codes)}
    for code in before | after:
        parts = before.get(code), after.get(code)
        name = next(part.name for part in parts if part is not None)
        yield _line(name, *("" if part is None else part.value for part in parts))


def _value(row: Measurement | MeasurementConflict, codes: Catalogue) -> str:
    if row.components is not None:
        return ", ".join(f"{part.name} {part.value}" for part in parts_of(row, codes))
    converted = canonical(row, codes) if isinstance(row, Measurement) else ""
    return f"{in_full(row)} ({converted})" if converted else in_full(row)


def _times(conflict: MeasurementConflict) -> Iterator[Line]:
    first, zone = conflict.measurement, conflict.organisation.zone
    is_other = first.measured_at != conflict.measured_at
    yield "Measured", moment(first.measured_at, zone), moment(conflict.measured_at, zone), is_other
    # Another offset of the same instant is the same content.
    yield "By the sender's clock", _clock(first), _clock(conflict), is_other
    yield _line("Replaces", first.replaces, conflict.replaces)
    yield "Came in", moment(first.received_at, zone), moment(conflict.received_at, zone), False


def _clock(row: Measurement | MeasurementConflict) -> str:
    sent: datetime = row.measured_at.astimezone(timezone(timedelta(minutes=row.utc_offset_minutes)))
    return f"{sent:%Y-%m-%d %H:%M:%S %z}"


def _line(name: str, first: str, second: str) -> Line:
    return name, first, second, first != second
