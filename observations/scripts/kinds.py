"""Of which kind an input's values are, as far as its declaration tells."""

from collections.abc import Mapping
from typing import Final

from observations.catalogue import Catalogue
from observations.engine import Kind
from observations.engine.values import KINDS
from observations.models import ValueKind
from observations.scripts.declarations import (
    DeclaredInput,
    FactInput,
    How,
    MeasurementInput,
    Missing,
    ScriptInput,
)

_OF_FACTS: Final = {"sex": Kind.TEXT, "age": Kind.NUMBER, "spo2_scale": Kind.NUMBER}
_OF_READINGS: Final = {
    ValueKind.QUANTITY: Kind.NUMBER,
    ValueKind.BOOLEAN: Kind.BOOLEAN,
    ValueKind.CODED: Kind.TEXT,
    ValueKind.TEXT: Kind.TEXT,
}


def kinds_of(inputs: Mapping[str, DeclaredInput], codes: Catalogue) -> dict[str, Kind]:
    """The inputs of which it is sure, by name. What has no value has none of another kind."""
    found = {name: _kind_of(declared, codes) for name, declared in inputs.items()}
    return {
        name: kind
        for name, kind in found.items()
        if kind is not None and _is_kept_by_default(inputs[name], kind)
    }


def _kind_of(declared: DeclaredInput, codes: Catalogue) -> Kind | None:
    if isinstance(declared, FactInput):
        return _OF_FACTS.get(declared.fact)
    if declared.how is How.ALL_WITHIN:
        return Kind.LIST
    # Versions of another script may give an output in different kinds.
    return None if isinstance(declared, ScriptInput) else _kind_of_reading(declared, codes)


def _kind_of_reading(declared: MeasurementInput, codes: Catalogue) -> Kind | None:
    if declared.fields:
        return Kind.RECORD
    if declared.take == "score":
        return Kind.NUMBER
    entry = codes.by_code.get(declared.code)
    return None if entry is None else _OF_READINGS.get(ValueKind(entry.kind))


def _is_kept_by_default(declared: DeclaredInput, kind: Kind) -> bool:
    return declared.missing is not Missing.DEFAULT or KINDS[type(declared.default)] is kind
