"""What the engine says of a patient beside what it must say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import isclose
from typing import Any

from observations.simulator.actions import Composed, Patient, Reading, Single
from observations.simulator.answering import Difference
from observations.simulator.expectation import Expected, Glucose, Period
from observations.simulator.finding import Found

SCRIPT = "glucose-7d"
PATIENT, LINKS = "the patient", "its links"
_CLOSE = 1e-9
_MISSING, _NONE = "there", "missing"


def compare(patient: Patient, expected: Expected, found: Found) -> list[Difference]:
    """Everything about the patient that is not as expected."""
    if found.patient is None:
        return [Difference(patient.external_id, PATIENT, _MISSING, _NONE)]
    return [
        *_of_links(patient, found.patient, expected),
        *_of_measurements(patient, found, expected),
        *_of_observations(patient, found, expected),
    ]


def _of_links(patient: Patient, found: Mapping[str, Any], expected: Expected) -> Iterator[Difference]:
    periods = sorted(
        (datetime.fromisoformat(one["associated_at"]), _time(one["dissociated_at"]))
        for one in found["associations"]
    )
    yield from _unlike(patient.external_id, LINKS, _shown(expected.periods), _shown(periods))
    linked = any(end is None for _, end in expected.periods)
    yield from _unlike(patient.external_id, "whether it is linked", linked, found["linked"])
    yield from _unlike(patient.external_id, "its waiting statements", 0, len(found["waiting_statements"]))
    held = sum(status == "held" for status in expected.statuses.values())
    yield from _unlike(
        patient.external_id, "the number of its held readings", held, found["held_measurements"]["count"]
    )


def _of_measurements(patient: Patient, found: Found, expected: Expected) -> Iterator[Difference]:
    rows = {row["client_id"]: row for row in found.measurements}
    yield from _unlike(patient.external_id, "its readings in the list", len(rows), len(found.measurements))
    readings = {one.client_id: one for one in patient.readings if one.client_id in expected.statuses}
    for client_id in rows.keys() - readings.keys():
        yield Difference(client_id, "the reading", "none", "there")
    for client_id, reading in readings.items():
        if client_id not in rows:
            yield Difference(client_id, "the reading", _MISSING, _NONE)
        else:
            yield from _of_measurement(reading, rows[client_id], expected.statuses[client_id])


def _of_measurement(reading: Reading, row: Mapping[str, Any], status: str) -> Iterator[Difference]:
    about = reading.client_id
    yield from _unlike(about, "its id", reading.measurement, row["id"])
    yield from _unlike(about, "its status", status, row["status"])
    yield from _unlike(about, "its code", reading.content.code, row["code"])
    yield from _unlike(about, "its time", reading.measured_at.isoformat(), row["measured_at"])
    yield from _unlike(about, "what it replaces", reading.replaces or "", row["replaces"])
    yield from _unlike(about, "whether it is implausible", reading.is_implausible, row["implausible"])
    if isinstance(reading.content, Composed):
        parts = {part["code"]: part for part in row["components"]}
        wanted = {part.code: part for part in reading.content.parts}
        yield from _unlike(about, "its components", sorted(wanted), sorted(parts))
        for code in wanted.keys() & parts.keys():
            yield from _of_value(about, wanted[code], parts[code])
    else:
        yield from _of_value(about, reading.content, row)


def _of_value(about: str, wanted: Single, row: Mapping[str, Any]) -> Iterator[Difference]:
    value = float(wanted.value) if isinstance(wanted.value, Decimal) else wanted.value
    yield from _unlike(about, f"the value of {wanted.code}", value, row["value"])
    yield from _unlike(about, f"the unit of {wanted.code}", wanted.unit or "", row["unit"])
    if not _is_close(wanted.canonical, row["canonical_value"]):
        what = f"the canonical value of {wanted.code}"
        yield Difference(about, what, str(wanted.canonical), str(row["canonical_value"]))


def _of_observations(patient: Patient, found: Found, expected: Expected) -> Iterator[Difference]:
    rows = [row for row in found.observations if row["script"] == SCRIPT]
    by_time = {datetime.fromisoformat(row["as_of"]): row for row in rows}
    yield from _unlike(patient.external_id, f"its current {SCRIPT} by time", len(by_time), len(rows))
    for time in by_time.keys() | expected.glucose.keys():
        about = f"{patient.external_id}, {SCRIPT} as of {time.isoformat()}"
        if time not in by_time:
            yield Difference(about, "the observation", _MISSING, _NONE)
        elif time not in expected.glucose:
            yield Difference(about, "the observation", "none", "there")
        else:
            yield from _of_observation(about, expected.glucose[time], by_time[time])


def _of_observation(about: str, wanted: Glucose, row: Mapping[str, Any]) -> Iterator[Difference]:
    yield from _unlike(about, "what it was computed from", list(wanted.derived_from), row["derived_from"])
    value = row["value"] or {}
    for name, number in (("mean", wanted.mean), ("in_range", wanted.in_range)):
        if not _is_close(number, value.get(name)):
            yield Difference(about, f"its {name}", repr(number), repr(value.get(name)))


def _is_close(wanted: float | None, found: float | None) -> bool:
    if wanted is None or found is None:
        return wanted is found
    return isclose(wanted, found, rel_tol=_CLOSE, abs_tol=_CLOSE)


def _unlike(about: str, what: str, wanted: object, found: object) -> Iterator[Difference]:
    if wanted != found:
        yield Difference(about, what, repr(wanted), repr(found))


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _shown(periods: Sequence[Period]) -> list[str]:
    return [
        f"{begin.astimezone(UTC).isoformat()} to {end.astimezone(UTC).isoformat() if end else 'now'}"
        for begin, end in periods
    ]
