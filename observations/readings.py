"""What a sender gives as a measurement."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

import msgspec

from clinical_engine.common.errors import Refusal


class NoValue(Enum):
    """What stands in place of a value. No code takes it, so whoever checks the reading says what its code takes."""

    MISSING = "missing"
    OTHER = "other"
    """Null, a list, an object, or a number that is none."""


Simple = Decimal | bool | str | NoValue
"""A value that is no composition: a number, yes or no, or the text of a text or of an answer's code."""


class Component(msgspec.Struct, frozen=True, gc=False):
    """One of the values of a composed reading: a component of a panel, or the answer to an item of a questionnaire."""

    code: str
    value: Simple
    unit: str | None = None


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One measurement as sent; `measured_at` with its offset, `replaces` the client_id of the one that it corrects."""

    client_id: str
    external_id: str
    code: str
    value: Simple | tuple[Component, ...]
    unit: str | None
    measured_at: datetime
    replaces: str | None = None


class Unread(msgspec.Struct, frozen=True, gc=False):
    """What was sent as a reading and cannot be read as one: why, and of which code, as it was sent, where that can be told."""

    refusal: Refusal
    code: str = ""
