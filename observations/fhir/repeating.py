"""An element that an entry has twice: named where it is one of FHIR's, since any other name is the sender's own word."""

from collections.abc import Iterator
from json import JSONDecoder

import msgspec

from clinical_engine.api.duplicate_keys import NO_NUMBERS, refusal_of_repeated_key
from observations.fhir import elements, frames
from observations.fhir.decoding import ELEMENTS, MAX_RESOURCE
from observations.fhir.faults import Fault, fault, join

_READ = (
    *(elements.Coding, elements.Concept, elements.Identifier, elements.Quantity, elements.Reference),
    *(elements.Extension, elements.Note, elements.Observation, frames.Entry, frames.Request),
)
# Beside what is read: what is usual in these, and said for people.
_KNOWN = (
    ELEMENTS
    | {field.encode_name for each in _READ for field in msgspec.structs.fields(each)}
    | {"display", "unit"}
)


class _Object(list[tuple[str, object]]):
    """An object of JSON with its pairs as they stand there."""


_decode = JSONDecoder(object_pairs_hook=_Object, **NO_NUMBERS).decode


def fault_of_repeated_element(entry: bytes) -> Fault | None:
    """Why an entry in which some object has a key twice is not taken, with the path below the entry as far as it is FHIR's.

    None when none has. The entry must be JSON.
    """
    refusal = refusal_of_repeated_key(entry)
    return None if refusal is None else fault(_place_in(entry), "item", refusal.code, refusal.message)


def _place_in(entry: bytes) -> str:
    # A list of empty objects takes twenty times its size when decoded.
    if len(entry) > MAX_RESOURCE:
        return ""
    try:
        return next(_repeated(_decode(entry.decode(errors="replace"))), "")
    except RecursionError:
        return ""


def _repeated(value: object) -> Iterator[str]:
    """The paths of what stands twice within the value; of several in one object that of the first."""
    if isinstance(value, _Object):
        seen: set[str] = set()
        for name, inner in value:
            if name in seen:
                yield name if name in _KNOWN else ""
            seen.add(name)
            yield from (_below(name, path) if name in _KNOWN else "" for path in _repeated(inner))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from (_below(f"[{position}]", path) for path in _repeated(inner))


def _below(name: str, path: str) -> str:
    return name + path if path.startswith("[") else join(name, path)
