"""Whether a reading can be accepted, and what is stored of it. The messages never repeat a value that was sent."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from clinical_engine.common.errors import Refusal
from observations.catalogue import Catalogue, Entry, units
from observations.catalogue.entries import is_within_limit
from observations.models import COMPOSED, ValueKind
from observations.readings import Component, Reading, Simple
from patients.validation import refusals_of_text, refusals_of_time

MAX_DIGITS = 30
MAX_TEXT = 4_000
MAX_ANSWER = 64
MAX_COMPONENTS = 100


class Stored(msgspec.Struct, gc=False):
    """The value of a reading that can be accepted, as its columns take it; `converted` is None in the canonical unit."""

    quantity: Decimal | None = None
    boolean: bool | None = None
    answer: str | None = None
    text: str | None = None
    components: str | None = None
    converted: Decimal | None = None
    is_implausible: bool = False


# Looking a member of an enumeration up takes as long as a check, for every reading.
_QUANTITY = ValueKind.QUANTITY.value


def check(reading: Reading, catalogue: Catalogue, now: datetime) -> Stored | list[Refusal]:
    """What is to be stored of the reading's value, or every reason why the reading cannot be accepted."""
    refusals = refusals_of_text("client_id", reading.client_id)
    refusals += refusals_of_text("external_id", reading.external_id)
    refusals += refusals_of_time("measured_at", reading.measured_at, now)
    if reading.replaces is not None:
        refusals += _refusals_of_replaces(reading)
    entry = catalogue.measurable(reading.code)
    if entry is None:
        return [*refusals, Refusal("code", "unknown_code", "This code is not in the catalogue.")]
    stored = _value(reading, entry, catalogue)
    if isinstance(stored, list):
        return refusals + stored
    return refusals or stored


def _refusals_of_replaces(reading: Reading) -> list[Refusal]:
    replaced = reading.replaces or ""
    if replaced == reading.client_id:
        return [Refusal("replaces", "replaces_itself", "A correction has a client_id of its own.")]
    return refusals_of_text("replaces", replaced)


def _value(reading: Reading, entry: Entry, catalogue: Catalogue) -> Stored | list[Refusal]:
    value = reading.value
    if entry.kind == _QUANTITY and not isinstance(value, tuple):
        return _quantity(value, reading.unit, entry)
    if entry.kind in COMPOSED:
        if not isinstance(value, tuple):
            return [
                Refusal("components", "missing", "This code takes components, each with a code and a value.")
            ]
        return _composed(value, reading.unit, entry, catalogue)
    if isinstance(value, tuple):
        return [Refusal("components", "components_not_allowed", "This code takes a single value.")]
    return _simple(value, reading.unit, entry)


def _simple(value: Simple, unit: str | None, entry: Entry) -> Stored | list[Refusal]:
    if entry.kind == _QUANTITY:
        return _quantity(value, unit, entry)
    refusals = []
    if unit is not None:
        refusals.append(Refusal("unit", "unit_not_allowed", "This code takes no unit."))
    stored = _WITHOUT_UNIT[ValueKind(entry.kind)](value, entry)
    if isinstance(stored, Refusal):
        return [stored, *refusals]
    return refusals or stored


def _quantity(value: Simple, unit: str | None, entry: Entry) -> Stored | list[Refusal]:
    refusals = [] if unit in entry.units else [_refusal_of_unit(unit, entry)]
    if not isinstance(value, Decimal):
        return [Refusal("value", "not_a_number", "Must be a finite number (not a text)."), *refusals]
    if refusal := _refusal_of_number(value, unit, entry):
        return [refusal, *refusals]
    if refusals:
        return refusals
    conversion = entry.units[unit or ""]
    if conversion is None:
        return Stored(quantity=value, is_implausible=entry.is_implausible(value))
    converted = conversion(value)
    return Stored(quantity=value, converted=converted, is_implausible=entry.is_implausible(converted))


def _refusal_of_number(value: Decimal, unit: str | None, entry: Entry) -> Refusal | None:
    text = str(value)
    if len(text) <= entry.safe_digits and "E" not in text and "N" not in text and "I" not in text:
        # What nearly all are; to take each apart would cost as much as all the other checks.
        return None
    if not value.is_finite():
        return Refusal("value", "not_finite", "Must be a finite number.")
    is_large = value.adjusted() >= entry.safe_digits
    if is_large and not is_within_limit(value):
        return Refusal("value", "too_large", "Must be smaller than 10^15 in size, as a double.")
    _, digits, exponent = value.as_tuple()
    if len(digits) > MAX_DIGITS or abs(int(exponent)) > MAX_DIGITS:
        return Refusal("value", "too_many_digits", f"Must have at most {MAX_DIGITS} digits.")
    return _refusal_of_converted(value, unit, entry) if is_large else None


def _refusal_of_converted(value: Decimal, unit: str | None, entry: Entry) -> Refusal | None:
    # Scripts fail at a number beyond their limit: nothing that reads it would be computed for the patient any more.
    conversion = entry.units.get(unit or "")
    if conversion is None or is_within_limit(conversion(value)):
        return None
    canonical = entry.canonical_unit
    message = f"Becomes 10^15 {canonical} or more in size; must be smaller than that in {canonical}, too."
    return Refusal("value", "too_large", message)


def _refusal_of_unit(unit: str | None, entry: Entry) -> Refusal:
    taken = " or ".join(entry.units)
    if not unit:
        return Refusal("unit", "unit_missing", f"Must be {taken} (UCUM).")
    if not units.may_be_looked_up(unit):
        # Not repeated, as below.
        return Refusal("unit", "unit_not_taken", f"Is none of this code's units; must be {taken} (UCUM).")
    if not units.is_known(unit):
        # Not repeated: what is no unit may be anything.
        return Refusal("unit", "unknown_unit", f"Is no unit of UCUM; must be {taken}.")
    if not units.is_comparable(unit, entry.canonical_unit or "", entry.molar_mass):
        return Refusal("unit", "wrong_dimension", f"{unit} cannot be converted to {taken} (UCUM).")
    return Refusal("unit", "wrong_unit", f"{unit} is not taken for this code, only {taken} (UCUM).")


def _boolean(value: Simple, entry: Entry) -> Stored | Refusal:
    del entry
    if not isinstance(value, bool):
        return Refusal("value", "not_boolean", "This code takes true or false.")
    return Stored(boolean=value)


def _coded(value: Simple, entry: Entry) -> Stored | Refusal:
    if not isinstance(value, str):
        return Refusal("value", "not_a_code", "This code takes the code of an answer, as a text.")
    if entry.answers and value not in entry.answers:
        return Refusal("value", "unknown_answer", "The catalogue does not have this answer for this code.")
    if refusals := refusals_of_text("value", value, MAX_ANSWER):
        return refusals[0]
    return Stored(answer=value)


def _text(value: Simple, entry: Entry) -> Stored | Refusal:
    del entry
    if not isinstance(value, str):
        return Refusal("value", "not_text", "This code takes a text.")
    if not value.strip():
        return Refusal("value", "empty", "Must not be empty.")
    if len(value) > MAX_TEXT:
        return Refusal("value", "too_long", f"Must have at most {MAX_TEXT} characters.")
    if "\x00" in value:
        return Refusal("value", "not_printable", "Must not hold the character NUL.")
    return Stored(text=value)


_WITHOUT_UNIT = {ValueKind.BOOLEAN: _boolean, ValueKind.CODED: _coded, ValueKind.TEXT: _text}


def _composed(
    components: Sequence[Component], unit: str | None, entry: Entry, catalogue: Catalogue
) -> Stored | list[Refusal]:
    if unit is not None:
        return [Refusal("unit", "unit_not_allowed", "The units of this code are those of its components.")]
    if not components:
        return [Refusal("components", "empty", "Must be at least one.")]
    if len(components) > MAX_COMPONENTS:
        return [Refusal("components", "too_many", f"Must be at most {MAX_COMPONENTS}.")]
    refusals = [*_refusals_of_parts([component.code for component in components], entry)]
    values: dict[str, Stored] = {}
    for position, component in enumerate(components):
        part = catalogue.measurable(component.code) if component.code in entry.parts else None
        if part is None:
            continue
        stored = _simple(component.value, component.unit, part)
        if isinstance(stored, list):
            refusals += [_of_component(refusal, position) for refusal in stored]
        else:
            values[component.code] = stored
    if refusals:
        return refusals
    encoded = {item.code: _encoded(values[item.code], item.unit) for item in components}
    return Stored(
        components=_json(encoded).decode(),
        is_implausible=any(value.is_implausible for value in values.values()),
    )


def _refusals_of_parts(codes: Sequence[str], entry: Entry) -> Iterable[Refusal]:
    for position, code in enumerate(codes):
        if code not in entry.parts:
            yield Refusal(
                f"components[{position}].code",
                "unknown_component",
                "The catalogue does not have it for this code.",
            )
        elif code in codes[:position]:
            yield Refusal(f"components[{position}].code", "component_twice", "Each component comes once.")
    for part in entry.parts.values():
        if part.is_required and part.code not in codes:
            yield Refusal("components", "component_missing", f"{part.code} is required.")


def _of_component(refusal: Refusal, position: int) -> Refusal:
    return Refusal(f"components[{position}].{refusal.field}", refusal.code, refusal.message)


def _encoded(value: Stored, unit: str | None) -> dict[str, Any]:
    fields = {
        "quantity": value.quantity,
        "unit": unit,
        "converted": value.converted,
        "boolean": value.boolean,
        "answer": value.answer,
        "text": value.text,
    }
    return {name: field for name, field in fields.items() if field is not None}


# Numbers keep their digits: jsonb holds 7.00 as it is written.
_json = msgspec.json.Encoder(decimal_format="number", order="sorted").encode
