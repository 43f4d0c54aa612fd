"""A Bundle as it is sent, and what its entries ask for."""

from typing import Annotated, Literal

import msgspec
from msgspec import Raw

from clinical_engine.api.decoding import UNREADABLE, decode_frame
from observations.fhir.faults import Fault, fault, fault_of

MAX_ENTRIES = 1_000


class Request(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    """What is to be done with the resource of an entry."""

    method: str
    url: str
    id: Raw = Raw()
    extension: Raw = Raw()
    # A condition that was passed over would store what its sender did not want stored.
    if_none_exist: Raw = Raw()
    if_match: Raw = Raw()
    if_none_match: Raw = Raw()
    if_modified_since: Raw = Raw()

    @property
    def is_conditional(self) -> bool:
        """Whether it is only to be done under a condition."""
        conditions = (self.if_none_exist, self.if_match, self.if_none_match, self.if_modified_since)
        return any(map(bytes, conditions))


class Entry(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    """An entry; without `modifierExtension`, which would have to be understood; so is the request."""

    request: Request
    resource: Raw = Raw()
    full_url: Raw = Raw()
    id: Raw = Raw()
    link: Raw = Raw()
    extension: Raw = Raw()


class Bundle(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The frame; without `implicitRules`, which would have to be understood."""

    resource_type: Literal["Bundle"]
    type: Literal["batch", "transaction"]
    entry: Annotated[list[Raw], msgspec.Meta(min_length=1, max_length=MAX_ENTRIES)]
    id: Raw = Raw()
    meta: Raw = Raw()
    language: Raw = Raw()
    identifier: Raw = Raw()
    timestamp: Raw = Raw()
    link: Raw = Raw()
    signature: Raw = Raw()


_decode_bundle = msgspec.json.Decoder(Bundle).decode
_decode_entry = msgspec.json.Decoder(Entry).decode


def decode_bundle(body: bytes) -> Bundle:
    """The Bundle with its entries raw. Raises ParseError when it is not JSON, RefusedError when it is no such Bundle."""
    return decode_frame(_decode_bundle, body)


def resource_of(raw: Raw) -> Raw | Fault:
    """The resource of an entry that asks for a new Observation; a fault, with its path in the entry, for any other one."""
    try:
        entry = _decode_entry(raw)
    except UNREADABLE as error:
        return fault_of(error)
    request = entry.request
    if request.method != "POST" or request.url.strip("/") != "Observation":
        return fault("request", "item", "request_not_supported", "Only POST of an Observation is supported.")
    if request.is_conditional:
        return fault(
            "request",
            "item",
            "condition_not_supported",
            "Conditions are not supported. What has the same identifier is never stored twice, without one.",
        )
    if not bytes(entry.resource):
        return fault("resource", "item", "missing", "Is required.")
    return entry.resource
