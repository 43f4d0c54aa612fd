"""One measurement as lines of the file: one for a single value, one for each part of a composed reading."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from observations.catalogue import Catalogue
from observations.components import in_order
from observations.exporting.cells import number_cell, text_cell
from observations.models import Measurement, MeasurementStatus

HEADER = (
    "measurement",
    "organisation",
    "patient",
    "client_id",
    "code",
    "name",
    "part_code",
    "part_name",
    "value",
    "unit",
    "answer_name",
    "canonical_value",
    "canonical_unit",
    "measured_at",
    "received_at",
    "state",
    "implausible",
    "replaces",
    "source",
    "sender",
)


class Row(NamedTuple):
    """What is read of a measurement, in the order of `columns`."""

    id: UUID
    organisation: str
    patient: str
    client_id: str
    code_id: int
    quantity: Decimal | None
    boolean: bool | None
    answer: str | None
    text: str | None
    components: str | None
    unit: str
    converted: Decimal | None
    measured_at: datetime
    utc_offset_minutes: int
    received_at: datetime
    status: str
    association_id: int | None
    is_implausible: bool
    replaces: str
    source: str
    sender: str | None


def columns(rows: QuerySet[Measurement]) -> QuerySet[Any]:
    """The rows in the order in which they came in, with the columns of `Row` only."""
    return rows.order_by("pk").values_list(
        "pk",
        "organisation__name",
        "patient__external_id",
        "client_id",
        "code_id",
        "value_quantity",
        "value_boolean",
        "value_answer",
        "value_text",
        "components",
        "unit",
        "converted_quantity",
        "measured_at",
        "utc_offset_minutes",
        "received_at",
        "status",
        "association_id",
        "is_implausible",
        "replaces",
        "source",
        "api_client__name",
    )


class Lines:
    """Writes rows as lines, with the names that the catalogue has; `answers` names an answer by its code and its own."""

    def __init__(self, codes: Catalogue, answers: Mapping[tuple[str, str], str]) -> None:
        self._codes = codes
        self._answers = answers

    def of(self, row: Row) -> Iterator[tuple[str, ...]]:
        """The lines of a measurement, each with a cell for every column of `HEADER`."""
        before = self._before(row)
        for part, cells, is_implausible in self._values(row):
            yield (*before, *part, *cells, *_after(row, is_implausible=is_implausible))

    def _before(self, row: Row) -> tuple[str, ...]:
        entry = self._codes.by_id[row.code_id]
        texts = (row.organisation, row.patient, row.client_id, entry.code, entry.display)
        return (str(row.id), *map(text_cell, texts))

    def _values(self, row: Row) -> Iterator[tuple[tuple[str, str], tuple[str, ...], bool]]:
        """Code and name of the part, the cells of its value, and whether it is implausible."""
        entry = self._codes.by_id[row.code_id]
        if row.components is None:
            values = {
                "quantity": row.quantity,
                "boolean": row.boolean,
                "answer": row.answer,
                "text": row.text,
            }
            single = values | {"unit": row.unit, "converted": row.converted}
            yield ("", ""), self._value(entry.code, single), row.is_implausible
            return
        # Not through float, which would lose digits that were sent.
        stored = json.loads(row.components, parse_float=Decimal, parse_int=Decimal)
        parts = in_order(stored, row.code_id, self._codes)
        for (code, value), is_implausible in zip(parts, self._flags(row, parts), strict=True):
            part = self._codes.by_code.get(code)
            name = (text_cell(code), text_cell(code if part is None else part.display))
            yield name, self._value(code, value), is_implausible

    def _flags(self, row: Row, parts: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[bool]:
        """Which parts are implausible: of a flagged reading those outside their ranges, or all where no range tells any more."""
        if not row.is_implausible:
            return [False] * len(parts)
        found = [self._is_outside(code, value) for code, value in parts]
        # The flag was given by the ranges of its time; one that stands with no value would be lost.
        return found if any(found) else [True] * len(parts)

    def _is_outside(self, code: str, value: Mapping[str, Any]) -> bool:
        entry, quantity = self._codes.by_code.get(code), value.get("quantity")
        return (
            entry is not None
            and quantity is not None
            and entry.is_implausible(value.get("converted", quantity))
        )

    def _value(self, code: str, value: Mapping[str, Any]) -> tuple[str, ...]:
        """The value as sent, its unit, what its answer means, and the quantity in the canonical unit."""
        quantity = value.get("quantity")
        if quantity is not None:
            converted, entry = value.get("converted"), self._codes.by_code.get(code)
            unit = value.get("unit", "")
            canonical = entry.canonical_unit if entry is not None and converted is not None else unit
            return (
                number_cell(quantity),
                text_cell(unit),
                "",
                number_cell(quantity if converted is None else converted),
                text_cell(canonical or ""),
            )
        if value.get("boolean") is not None:
            return str(value["boolean"]).lower(), "", "", "", ""
        answer = value.get("answer")
        if answer is not None:
            return text_cell(answer), "", text_cell(self._answers.get((code, answer), "")), "", ""
        return text_cell(value["text"]), "", "", "", ""


def _after(row: Row, *, is_implausible: bool) -> tuple[str, ...]:
    offset = timezone(timedelta(minutes=row.utc_offset_minutes))
    return (
        row.measured_at.astimezone(offset).isoformat(),
        row.received_at.astimezone(UTC).isoformat(),
        _state(row),
        str(is_implausible).lower(),
        text_cell(row.replaces),
        row.source,
        text_cell(row.sender or ""),
    )


def _state(row: Row) -> str:
    if row.status != MeasurementStatus.FINAL:
        return row.status
    return "held" if row.association_id is None else "counted"
