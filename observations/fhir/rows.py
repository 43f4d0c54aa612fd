"""The rows from which Observations are given out, with the digits of their values as they are stored."""

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

import msgspec
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from observations.models import Measurement, Observation

# The framework would decode the JSON, and make floats of its numbers.
STORED = "stored_json"


class StoredValue(msgspec.Struct, frozen=True, gc=False):
    """One value of a measurement of several."""

    quantity: Decimal | None = None
    unit: str | None = None
    boolean: bool | None = None
    answer: str | None = None
    text: str | None = None


Computed = bool | Decimal | str | None
_decode_components = msgspec.json.Decoder(dict[str, StoredValue]).decode
_decode_outputs = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def measurements(organisation_ids: Collection[UUID]) -> QuerySet[Measurement]:
    """The measurements of the organisations."""
    rows = Measurement.objects.filter(organisation_id__in=organisation_ids).select_related("code")
    return rows.defer("components").annotate(**{STORED: Cast("components", TextField())})


def observations(organisation_ids: Collection[UUID]) -> QuerySet[Observation]:
    """The computed observations of the organisations, superseded ones among them."""
    rows = Observation.objects.filter(organisation_id__in=organisation_ids)
    rows = rows.select_related("code", "script", "script_version")
    return rows.defer("value").annotate(**{STORED: Cast("value", TextField())})


def components_of(row: Measurement) -> dict[str, StoredValue]:
    """The values of a measurement of several, by code; none of one that has a single value."""
    text: str | None = getattr(row, STORED)
    return {} if text is None else _decode_components(text)


def value_of(row: Observation) -> dict[str, Computed] | None:
    """The computed value by output field; None when it is not computable."""
    text: str | None = getattr(row, STORED)
    return None if text is None else {name: _exact(raw) for name, raw in _decode_outputs(text).items()}


def _exact(raw: msgspec.Raw) -> Computed:
    text = bytes(raw)
    if text.startswith((b'"', b"t", b"f", b"n")):
        found: bool | str | None = msgspec.json.decode(text)
        return found
    return Decimal(text.decode())
