"""Codes, values and times of an Observation as a measurement has them."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec

from observations.catalogue import Catalogue, Entry
from observations.fhir.elements import Concept, Observation, Quantity, Valued
from observations.fhir.faults import Fault, fault
from observations.fhir.terms import PULSE_OXIMETRY, UCUM
from observations.models import CodeSystem, ValueKind
from observations.readings import Simple

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?")

_OTHER_SYSTEM = f"Must have a coding of {' or '.join(CodeSystem.values)}."


def code_of(concept: Concept, codes: Catalogue, path: str) -> str | Fault:
    """The code: the first coding that the catalogue has, otherwise the first of a system that it knows.

    Oxygen saturation by pulse oximetry comes together with the code for arterial blood of any method (US Core), in any order.
    """
    ours = _codes_of_the_catalogue(concept)
    if not ours:
        return fault(path, "code", "code_system_not_supported", _OTHER_SYSTEM)
    known = [code for system, code in ours if code in codes.by_code and codes.by_code[code].system == system]
    if PULSE_OXIMETRY in known:
        return PULSE_OXIMETRY
    # None of the catalogue: the intake refuses it, and counts it as what it is.
    return known[0] if known else ours[0][1]


def _codes_of_the_catalogue(concept: Concept) -> list[tuple[str, str]]:
    """The codings, as (system, code), whose system is one of the catalogue's; none that has no system."""
    return [
        (coding.system, coding.code)
        for coding in concept.coding
        if coding.system in CodeSystem.values and coding.code
    ]


def value_of(valued: Valued, entry: Entry | None, path: str) -> tuple[Simple, str | None] | Fault:
    """The value and its unit; `path` is that of the Observation or component, and ends with a dot when it is not empty."""
    kinds = value_elements(valued)
    if len(kinds) > 1:
        return fault(f"{path}{kinds[1]}", "value", "value_twice", "There is one value at most.")
    if bytes(valued.data_absent_reason):
        return fault(
            f"{path}dataAbsentReason", "value", "value_absent", "What was not measured is no measurement."
        )
    if valued.value_quantity is not None:
        return _quantity(valued.value_quantity, f"{path}valueQuantity")
    if valued.value_codeable_concept is not None:
        return _answer(valued.value_codeable_concept, entry, f"{path}valueCodeableConcept")
    if valued.value_string is not None:
        return _text(valued.value_string, entry, f"{path}valueString")
    value = valued.value_boolean
    return fault(f"{path}value", "value", "missing", "Is required.") if value is None else (value, None)


def value_elements(valued: Valued) -> list[str]:
    """The names of the elements that hold its values."""
    values = {
        "valueQuantity": valued.value_quantity,
        "valueCodeableConcept": valued.value_codeable_concept,
        "valueString": valued.value_string,
        "valueBoolean": valued.value_boolean,
    }
    return [name for name, value in values.items() if value is not None]


def _quantity(quantity: Quantity, path: str) -> tuple[Simple, str | None] | Fault:
    if quantity.comparator is not None:
        return fault(
            f"{path}.comparator", "value", "comparator_not_supported", "Only exact values are measurements."
        )
    text = bytes(quantity.value)
    if not text:
        return fault(f"{path}.value", "value", "missing", "Is required.")
    if quantity.code is not None and quantity.system != UCUM:
        return fault(f"{path}.system", "unit", "unit_system_not_supported", f"Must be {UCUM}.")
    try:
        # Exactly as sent: 7.0 has another precision than 7, and FHIR has it kept.
        return Decimal(text.decode()), quantity.code
    except (InvalidOperation, UnicodeDecodeError):
        return fault(f"{path}.value", "value", "not_a_number", "Must be a finite number (not a text).")


def _text(text: str, entry: Entry | None, path: str) -> tuple[Simple, str | None] | Fault:
    if entry is not None and entry.kind == ValueKind.CODED:
        # It has no system, and would be taken for the code of an answer.
        return fault(path, "value", "not_a_code", "This code takes a valueCodeableConcept.")
    return text, None


def _answer(concept: Concept, entry: Entry | None, path: str) -> tuple[Simple, str | None] | Fault:
    """The first coding that the catalogue has as an answer, of those whose system may be a catalogue's."""
    if not any(coding.code for coding in concept.coding):
        return fault(f"{path}.coding", "value", "not_a_code", "Must have a coding with a code.")
    # '1' is an answer of a score, and something else in HL7's tables: a code without its system says neither.
    answers = _codes_of_the_catalogue(concept)
    if not answers:
        return fault(f"{path}.coding", "value", "code_system_not_supported", _OTHER_SYSTEM)
    known = entry.answers if entry else {}
    return next((answer for _, answer in answers if answer in known), answers[0][1]), None


def time_of(observation: Observation) -> datetime | Fault:
    """When it was measured, with the offset as sent; one without an offset is left for the intake to refuse."""
    texts = {
        "effectiveDateTime": observation.effective_date_time,
        "effectiveInstant": observation.effective_instant,
    }
    given = [(name, text) for name, text in texts.items() if text is not None]
    if not given:
        return fault("effectiveDateTime", "measured_at", "missing", "Is required.")
    (path, text), *others = given
    if others:
        return fault(others[0][0], "measured_at", "time_twice", "There is one time.")
    if _DATE.fullmatch(text):
        return fault(
            path,
            "measured_at",
            "date_without_time",
            "Must have a time and an offset: a date alone does not tell which link covers it.",
        )
    try:
        # Only what FHIR's own grammar has: the decoder takes more.
        return msgspec.convert(text if _TIME.fullmatch(text) else "", datetime)
    except msgspec.ValidationError:
        return fault(path, "measured_at", "invalid", "Must be a time such as 2026-01-31T08:00:00+01:00.")
