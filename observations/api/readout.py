"""A stored measurement's values, as they are given out."""

from decimal import Decimal
from typing import Any

from observations.catalogue import catalogue
from observations.models import Measurement, Valued


def value_of(row: Valued) -> Decimal | bool | str | None:
    """The single value as sent; None where there are components."""
    values = (row.value_quantity, row.value_boolean, row.value_answer, row.value_text)
    return next((value for value in values if value is not None), None)


def canonical_unit(measurement: Measurement) -> str:
    """The unit in which the catalogue has the measurement's code."""
    return catalogue().by_id[measurement.code_id].canonical_unit or ""


def components_of(row: Valued) -> list[dict[str, Any]]:
    """The values of a reading of several, each as sent and in the catalogue's unit; none of one that has a single value."""
    return [_component(code, stored) for code, stored in (row.components or {}).items()]


def _component(code: str, stored: dict[str, Any]) -> dict[str, Any]:
    value = next(stored[kind] for kind in ("quantity", "boolean", "answer", "text") if kind in stored)
    return {
        "code": code,
        "value": value,
        "unit": stored.get("unit", ""),
        "canonical_value": stored.get("converted", stored.get("quantity")),
    }
