"""The elements of an Observation that are read."""

from typing import Literal

import msgspec
from msgspec import Raw


class _Element(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    pass


class Coding(_Element, frozen=True):
    """A code of a code system."""

    system: str | None = None
    code: str | None = None


class Concept(_Element, frozen=True):
    """The same thing in several code systems."""

    coding: list[Coding] = []


class Identifier(_Element, frozen=True):
    """A name that somebody gave."""

    system: str | None = None
    value: str | None = None


class Quantity(_Element, frozen=True):
    """A number, whose digits are kept, with its unit."""

    value: Raw = Raw()
    comparator: str | None = None
    system: str | None = None
    code: str | None = None


class Reference(_Element, frozen=True):
    """Another resource."""

    reference: str | None = None
    identifier: Identifier | None = None


class Extension(_Element, frozen=True):
    """Something that FHIR does not have."""

    url: str
    value_identifier: Identifier | None = None


class Note(_Element, frozen=True):
    """A remark."""

    text: str


class Valued(_Element, frozen=True, kw_only=True):
    """What an Observation and its components have in common."""

    code: Concept
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    data_absent_reason: Raw = Raw()


class Observation(Valued, frozen=True, kw_only=True):
    """An Observation as it is sent."""

    resource_type: Literal["Observation"]
    status: str
    subject: Reference | None = None
    identifier: list[Identifier] = []
    effective_date_time: str | None = None
    effective_instant: str | None = None
    extension: list[Extension] = []
    component: list[Raw] = []
    note: list[Note] = []


class Sent(_Element, frozen=True):
    """A readable Observation with its components, and the names of the elements of it that are not kept."""

    observation: Observation
    components: tuple[Valued, ...]
    ignored: tuple[str, ...]
