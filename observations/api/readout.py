"""A stored measurement's values, as they are given out."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from observations.components import in_order_of
from observations.models import CodePart, CodeUnit, Measurement, Valued


def value_of(row: Valued) -> Decimal | bool | str | None:
    """The single value as sent; None where there are components."""
    values = (row.value_quantity, row.value_boolean, row.value_answer, row.value_text)
    return next((value for value in values if value is not None), None)


def with_catalogue(rows: QuerySet[Measurement]) -> QuerySet[Measurement]:
    """The rows with what the catalogue has of their codes.

    That is the unit as `canonical_unit`, None where it has none, and for readings of several values the codes of its parts in
    their order as `part_codes`, None for the others.
    """
    # With the rows: the catalogue's own copy is compared with the database whenever it is asked for, once a row.
    units = CodeUnit.objects.filter(code=OuterRef("code_id"), position=0)
    parts = CodePart.objects.filter(panel=OuterRef("code_id")).order_by("position")
    return rows.annotate(
        canonical_unit=Subquery(units.values("unit")),
        part_codes=Case(When(components__isnull=False, then=ArraySubquery(parts.values("part__code")))),
    )


def components_of(row: Valued, part_codes: Iterable[str] | None) -> list[dict[str, Any]]:
    """The values of a reading of several in the order of the parts, each as sent and in the catalogue's unit; else none."""
    values = in_order_of(part_codes or (), row.components or {})
    return [_component(code, stored) for code, stored in values]


def _component(code: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    value = next(stored[kind] for kind in ("quantity", "boolean", "answer", "text") if kind in stored)
    return {
        "code": code,
        "value": value,
        "unit": stored.get("unit", ""),
        "canonical_value": stored.get("converted", stored.get("quantity")),
    }
