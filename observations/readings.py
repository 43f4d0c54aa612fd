"""What a sender gives as a measurement."""

from datetime import datetime
from decimal import Decimal

import msgspec

Simple = Decimal | bool | str
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
