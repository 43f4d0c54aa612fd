"""Whether a fact can be accepted, and how its value is stored. The messages never repeat a value that was sent."""

from datetime import datetime

from clinical_engine.common.errors import Refusal
from patients.models import FactName
from patients.models.facts import EARLIEST_BIRTH_YEAR, LATEST_BIRTH_YEAR, SEXES, SPO2_SCALES
from patients.services.facts.said import NewFact
from patients.validation import refusals_of_text, refusals_of_time


def check(fact: NewFact, now: datetime) -> str | list[Refusal]:
    """The text that is stored as the fact's value, or every reason why it cannot be accepted."""
    stored = _stored(fact.name, fact.value)
    refusals = [
        *refusals_of_text("client_id", fact.client_id),
        *refusals_of_text("external_id", fact.external_id),
        *refusals_of_time("effective_from", fact.effective_from, now),
    ]
    if isinstance(stored, Refusal):
        return [*refusals, stored]
    return refusals or stored


def _stored(name: str, value: object) -> str | Refusal:
    if name == FactName.SEX:
        return _sex(value)
    if name == FactName.BIRTH_YEAR:
        return _whole_number(value, range(EARLIEST_BIRTH_YEAR, LATEST_BIRTH_YEAR + 1))
    if name == FactName.SPO2_SCALE:
        return _whole_number(value, range(SPO2_SCALES[0], SPO2_SCALES[-1] + 1))
    return Refusal("name", "unknown_fact", "Must be sex, birth_year or spo2_scale.")


def _sex(value: object) -> str | Refusal:
    if isinstance(value, str) and value in SEXES:
        return value
    return Refusal("value", "unknown_value", "Must be female, male or other.")


def _whole_number(value: object, allowed: range) -> str | Refusal:
    # True is a number to Python, and 1950.0 may be a measured one.
    if type(value) is not int:
        return Refusal("value", "not_a_whole_number", "Must be a whole number (not a text).")
    if value not in allowed:
        return Refusal("value", "out_of_range", f"Must be from {allowed[0]} to {allowed[-1]}.")
    return str(value)
