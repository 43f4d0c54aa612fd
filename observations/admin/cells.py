"""How measured and computed values are written."""

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge
from observations.catalogue import Catalogue, Entry, catalogue
from observations.components import in_order
from observations.models import Interpretation, Measurement, MeasurementConflict, Observation

Sent = Measurement | MeasurementConflict
_SHOWN_TEXT = 80
_SHOWN_PARTS = 2
_READABLE = Context(prec=6)
# What a value is among the components of a row, and in which column it stands by itself.
_COLUMNS = {
    "quantity": "value_quantity",
    "boolean": "value_boolean",
    "answer": "value_answer",
    "text": "value_text",
}


class Part(NamedTuple):
    """One of the values of a composed reading: the code of the part, its name, and the value as sent and converted."""

    code: str
    name: str
    value: str
    canonical: str
    """In the canonical unit; '' where it was sent in it."""
    answer: str
    """The code of the answer; '' of what is none."""


def measured(row: Sent, codes: Catalogue | None = None) -> str:
    """A value with its unit, digit by digit as sent; the beginning of a long text, and the first of many values.

    For more than one row give the catalogue: without it each row of several values asks for it.
    """
    if row.components is not None:
        parts = list(parts_of(row, codes or catalogue()))
        shown = ", ".join(f"{part.name} {_shortened(part.value)}" for part in parts[:_SHOWN_PARTS])
        more = len(parts) - _SHOWN_PARTS
        return f"{shown} and {more} more" if more > 0 else shown
    if row.value_answer is not None:
        return _shortened(name_of_answer((codes or catalogue()).by_id.get(row.code_id), row.value_answer))
    return _shortened(in_full(row))


def name_of_answer(entry: Entry | None, answer: str) -> str:
    """What the catalogue calls an answer; its code where it does not have it."""
    return answer if entry is None else entry.answers.get(answer, answer)


def in_full(row: Sent) -> str:
    """A single value with its unit, a text whole; '' for several."""
    if row.components is not None:
        return ""
    return _simple({name: getattr(row, column) for name, column in _COLUMNS.items()} | {"unit": row.unit})


def canonical(row: Measurement, codes: Catalogue) -> str:
    """A quantity in the code's canonical unit, where it was sent in another one; otherwise ''."""
    return _converted(row.converted_quantity, codes.by_id[row.code_id].canonical_unit)


def parts_of(row: Sent, codes: Catalogue) -> Iterator[Part]:
    """The values of a composed reading, in the order that the catalogue has for it."""
    for code, value in in_order(row.components or {}, row.code_id, codes):
        entry = codes.by_code.get(code)
        yield Part(
            code,
            code if entry is None else entry.display,
            name_of_answer(entry, value["answer"]) if "answer" in value else _simple(value),
            _converted(value.get("converted"), None if entry is None else entry.canonical_unit),
            str(value.get("answer", "")),
        )


def _simple(value: Mapping[str, Any]) -> str:
    if value.get("boolean") is not None:
        return _yes_or_no(value["boolean"])
    if value.get("quantity") is not None:
        return f"{value['quantity']} {value.get('unit', '')}".strip()
    return str(next(filter(None, (value.get("text"), value.get("answer"))), ""))


def _converted(quantity: Decimal | float | None, unit: str | None) -> str:
    # To as many digits as people read; the API and an export give all of them.
    return (
        "" if quantity is None else f"{_READABLE.plus(Decimal(quantity)).normalize():f} {unit or ''}".strip()
    )


def _yes_or_no(value: bool) -> str:  # noqa: FBT001 - a value to be shown
    return "yes" if value else "no"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}…"


def computed(observation: Observation, *, whole: bool = False) -> str:
    """Every output field with its unit, or why there is none; rounded to two decimals unless `whole`."""
    if observation.value is None:
        return f"not computable: {observation.not_computable}"
    outputs = observation.script_version.outputs
    return ", ".join(
        " ".join(
            filter(
                None,
                [
                    name.replace("_", " "),
                    _written(value, whole=whole),
                    shown_unit(outputs.get(name, {}).get("unit", "")),
                ],
            )
        )
        for name, value in sorted(observation.value.items())
    )


def shown_unit(unit: str) -> str:
    """A unit as people write it: UCUM has one for what is merely counted."""
    return "" if unit == "1" or unit.startswith("{") else unit


_TONES = {Interpretation.ABNORMAL: Tone.WAITING, Interpretation.CRITICAL: Tone.BAD}


def interpreted(observation: Observation) -> SafeString | str:
    """What the result means for the patient, as its script says; '' where it says nothing."""
    if not observation.interpretation:
        return ""
    meaning = Interpretation(observation.interpretation)
    return badge(meaning.label, _TONES.get(meaning, Tone.GOOD))


def _written(value: object, *, whole: bool) -> str:
    if isinstance(value, bool):
        return _yes_or_no(value)
    if isinstance(value, float) and not whole:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
