"""How scripts see the readings of a code: as one number, text or boolean, or as a record of a reading's parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import msgspec

from observations.catalogue import Catalogue
from observations.catalogue.entries import Conversion, Entry
from observations.computing.series import Item
from observations.engine.limits import NUMBER_LIMIT
from observations.engine.values import Scalar
from observations.scripts.declarations import MeasurementInput

_LONGEST_TEXT = 200


class Row(NamedTuple):
    """The value of a measurement as the table has it; its quantity in the code's canonical unit, its components as JSON."""

    quantity: float | None
    boolean: bool | None
    answer: str | None
    text: str | None
    components: str | None


Extract: TypeAlias = Callable[[Row], Item | None]
"""What a form sees in a measurement; None where that has no such value."""


@dataclass(frozen=True, slots=True)
class Form:
    """A code, the unit its quantities are wanted in ('' for the canonical one), the parts wanted, and whether scores are."""

    code: str
    unit: str
    fields: tuple[tuple[str, str], ...]
    take: str

    @classmethod
    def of(cls, declared: MeasurementInput) -> "Form":
        """The form in which an input wants its readings."""
        return cls(declared.code, declared.unit, tuple(declared.fields.items()), declared.take)


def sources_of(form: Form, catalogue: Catalogue) -> Iterator[tuple[int, Extract]]:
    """Where readings of a form are found: the id of each code whose measurements have one, and how it is taken out of them.

    Nowhere when the catalogue lacks the code, a part or the unit: then nothing that reads it is computable, and all else is.
    """
    if not is_known(form, catalogue):
        return
    entry = catalogue.by_code[form.code]
    if form.fields:
        parts = {name: _Scalar(catalogue.by_code[code], "", form.take) for name, code in form.fields}
        yield entry.id, _Record(dict(form.fields), parts)
        return
    scalar = _Scalar(entry, form.unit, form.take)
    yield entry.id, scalar.of_row
    for panel in catalogue.by_id.values():
        if form.code in panel.parts:
            yield panel.id, _Part(form.code, scalar)


def is_known(form: Form, catalogue: Catalogue) -> bool:
    """Whether the catalogue has the code, the parts and the unit of a form."""
    if any(code not in catalogue.by_code for code in (form.code, *dict(form.fields).values())):
        return False
    return not form.unit or form.unit in catalogue.by_code[form.code].units


class _Scalar:
    """One value of a code, be it a measurement's own or a component's."""

    def __init__(self, entry: Entry, unit: str, take: str) -> None:
        self._conversion: Conversion | None = entry.units[unit] if unit else None
        self._scores: Mapping[str, float] | None = entry.scores if take == "score" else None

    def of_row(self, row: Row) -> Scalar | None:
        if row.quantity is not None:
            return self._number(row.quantity)
        if row.boolean is not None:
            return row.boolean
        return self._words(row.answer, row.text)

    def of_component(self, component: Mapping[str, Any]) -> Scalar | None:
        for name in ("converted", "quantity"):
            if (quantity := component.get(name)) is not None:
                return self._number(float(quantity))
        boolean: bool | None = component.get("boolean")
        return self._words(component.get("answer"), component.get("text")) if boolean is None else boolean

    def _number(self, quantity: float) -> float | None:
        number = (
            quantity if self._conversion is None else float(self._conversion.back(Decimal(repr(quantity))))
        )
        # As with a text: what the language cannot hold is no value to it, and fails no script.
        return number if -NUMBER_LIMIT < number < NUMBER_LIMIT else None

    def _words(self, answer: str | None, text: str | None) -> Scalar | None:
        if answer is not None:
            return answer if self._scores is None else self._scores.get(answer)
        # What the language cannot hold is no value to it.
        return text if text is not None and len(text) <= _LONGEST_TEXT and text.isprintable() else None


class _Part:
    """One component, as if it were a reading of its own."""

    def __init__(self, code: str, scalar: _Scalar) -> None:
        self._code = code
        self._scalar = scalar

    def __call__(self, row: Row) -> Item | None:
        component = _components(row).get(self._code)
        return None if component is None else self._scalar.of_component(component)


class _Record:
    """Several components of one reading, by name; those that it lacks have no value."""

    def __init__(self, codes: Mapping[str, str], scalars: Mapping[str, _Scalar]) -> None:
        self._fields: Sequence[tuple[str, str, _Scalar]] = [
            (name, codes[name], scalar) for name, scalar in scalars.items()
        ]

    def __call__(self, row: Row) -> Item | None:
        components = _components(row)
        record = {
            name: scalar.of_component(components[code]) if code in components else None
            for name, code, scalar in self._fields
        }
        return record if any(value is not None for value in record.values()) else None


def _components(row: Row) -> Mapping[str, Any]:
    if row.components is None:
        return {}
    components: dict[str, Any] = msgspec.json.decode(row.components)
    return components
