"""What a sender gives as a measurement, and whether it can be accepted. The messages never repeat what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from clinical_engine.common.errors import Refusal
from observations.models import Code, ValueKind
from patients.validation import refusals_of_text, refusals_of_time

# Scripts compute with numbers below this size; a reading beyond it could never count.
MAX_SIZE = Decimal("1e15")
MAX_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement as sent: a finite quantity in a UCUM unit, or a boolean without one; `measured_at` with its offset."""

    client_id: str
    external_id: str
    code: str
    value: Decimal | bool
    unit: str | None
    measured_at: datetime


def refusals_of(reading: Reading, catalogue: Mapping[str, Code], now: datetime) -> list[Refusal]:
    """Every reason why the reading cannot be accepted; none when it can."""
    return [
        *refusals_of_text("client_id", reading.client_id),
        *refusals_of_text("external_id", reading.external_id),
        *refusals_of_time("measured_at", reading.measured_at, now),
        *_refusals_of_value(reading, catalogue.get(reading.code)),
    ]


def _refusals_of_value(reading: Reading, code: Code | None) -> list[Refusal]:
    if code is None:
        return [Refusal("code", "unknown_code", "This code is not in the catalogue.")]
    if code.value_kind == ValueKind.BOOLEAN:
        return _refusals_of_boolean(reading)
    return [*_refusals_of_number(reading.value), *_refusals_of_unit(reading.unit, code)]


def _refusals_of_boolean(reading: Reading) -> list[Refusal]:
    refusals = []
    if not isinstance(reading.value, bool):
        refusals.append(Refusal("value", "not_boolean", "This code takes true or false."))
    if reading.unit is not None:
        refusals.append(Refusal("unit", "unit_not_allowed", "This code takes no unit."))
    return refusals


def _refusals_of_number(value: Decimal | bool) -> list[Refusal]:  # noqa: FBT001 - a reading's value
    if isinstance(value, bool):
        return [Refusal("value", "not_a_number", "This code takes a number.")]
    if not value.is_finite():
        return [Refusal("value", "not_finite", "Must be a finite number.")]
    # abs() would round, and overflow on 1e1000000.
    if value.copy_abs() >= MAX_SIZE:
        return [Refusal("value", "too_large", "Must be smaller than 10^15 in size.")]
    _, digits, exponent = value.as_tuple()
    if len(digits) > MAX_DIGITS or abs(int(exponent)) > MAX_DIGITS:
        return [Refusal("value", "too_many_digits", f"Must have at most {MAX_DIGITS} digits.")]
    return []


def _refusals_of_unit(unit: str | None, code: Code) -> list[Refusal]:
    if unit in code.units:
        return []
    what = "unit_missing" if unit is None else "wrong_unit"
    return [Refusal("unit", what, f"Must be {' or '.join(code.units)} (UCUM).")]
