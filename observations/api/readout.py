"""A stored measurement's values, as they are given out."""

from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from observations.models import CodeUnit, Measurement, Valued


def value_of(row: Valued) -> Decimal | bool | str | None:
    """The single value as sent; None where there are components."""
    values = (row.value_quantity, row.value_boolean, row.value_answer, row.value_text)
    return next((value for value in values if value is not None), None)


def with_canonical_unit(rows: QuerySet[Measurement]) -> QuerySet[Measurement]:
    """The rows with the unit in which the catalogue has their code as `canonical_unit`, None where it has none."""
    # With the rows: the catalogue's own copy is compared with the database whenever it is asked for, once a row.
    units = CodeUnit.objects.filter(code=OuterRef("code_id"), position=0)
    return rows.annotate(canonical_unit=Subquery(units.values("unit")))


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
