"""An Observation decoded: which of its elements are read, which are passed over and said so, and which are refused."""

from collections.abc import Iterable

import msgspec
from msgspec import Raw

from clinical_engine.api.decoding import UNREADABLE
from observations.fhir.elements import Concept, Observation, Sent, Valued
from observations.fhir.faults import Fault, fault, fault_of
from observations.intake.checking import MAX_COMPONENTS

# An Observation of a hundred components takes half of it. A list of empty objects takes a hundred times its size when decoded.
MAX_RESOURCE = 64 * 1024

_VALUES = frozenset(
    ("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "dataAbsentReason")
)
_READ = _VALUES | frozenset(
    [
        "resourceType",
        "identifier",
        "status",
        "code",
        "subject",
        "effectiveDateTime",
        "effectiveInstant",
        "extension",
        "component",
    ]
)
# What says nothing that is not said elsewhere.
_FORMAL = frozenset(("id", "meta", "language", "text", "category"))
_IGNORED = frozenset(
    [
        "contained",
        "basedOn",
        "partOf",
        "encounter",
        "issued",
        "performer",
        "interpretation",
        "note",
        "bodySite",
        "method",
        "specimen",
        "device",
        "referenceRange",
        "hasMember",
        "derivedFrom",
    ]
)
_OF_COMPONENT = _VALUES | frozenset(("id", "extension", "code", "interpretation", "referenceRange"))

_OTHER_VALUE = (
    "value",
    "value_type_not_supported",
    "There are valueQuantity, valueCodeableConcept, valueString and valueBoolean.",
)
_NO_INSTANT = (
    "measured_at",
    "no_instant",
    "A measurement has one instant: effectiveDateTime or effectiveInstant.",
)
# They change what the rest means, or hold what would have to be kept for it to mean the same.
_NOT_SUPPORTED = {
    **dict.fromkeys(
        [
            "valueInteger",
            "valueRange",
            "valueRatio",
            "valueSampledData",
            "valueTime",
            "valueDateTime",
            "valuePeriod",
        ],
        _OTHER_VALUE,
    ),
    "effectivePeriod": _NO_INSTANT,
    "effectiveTiming": _NO_INSTANT,
    "focus": ("external_id", "focus_not_supported", "A measurement is about its subject itself."),
    "implicitRules": ("item", "modifier_not_understood", "No rules from elsewhere are known here."),
    "modifierExtension": (
        "item",
        "modifier_not_understood",
        "It may change the meaning, and is not known here.",
    ),
}

ELEMENTS = _READ | _FORMAL | _IGNORED | _OF_COMPONENT | _NOT_SUPPORTED.keys()
"""Every name of an element of an Observation that is known here."""


class _Coded(msgspec.Struct):
    code: Concept = Concept()


_decode_elements = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_coded = msgspec.json.Decoder(_Coded).decode
_decode_observation = msgspec.json.Decoder(Observation).decode
_decode_component = msgspec.json.Decoder(Valued).decode


def decode(raw: Raw) -> Sent | Fault:
    """The Observation, or the first element for which it cannot be taken; paths are below the resource."""
    text = bytes(raw)
    if len(text) > MAX_RESOURCE:
        return fault("", "item", "too_large", f"Must have at most {MAX_RESOURCE // 1024} KB.")
    try:
        elements = _decode_elements(text)
        if bytes(elements.get("resourceType", b"")) != b'"Observation"':
            return fault("", "item", "resource_not_supported", "Only Observations are supported.")
        if problem := _problem_of(elements, _READ | _FORMAL | _IGNORED):
            return problem
        observation = _decode_observation(text)
    except UNREADABLE as error:
        return fault_of(error)
    components = _components(observation.component)
    if isinstance(components, Fault):
        return components
    return Sent(observation, components, tuple(sorted(_IGNORED & elements.keys())))


def concept_of(raw: Raw) -> Concept:
    """What an Observation that cannot be taken is about; empty where not even that can be read."""
    try:
        return _decode_coded(raw).code
    except UNREADABLE:
        return Concept()


def _problem_of(elements: Iterable[str], known: frozenset[str], path: str = "") -> Fault | None:
    for name in elements:
        # The extensions of a primitive element stand beside it, behind an underscore.
        if name in known or (name.startswith("_") and name[1:] in known):
            continue
        below = f"{path}." if path else ""
        if name in _NOT_SUPPORTED:
            return fault(f"{below}{name}", *_NOT_SUPPORTED[name])
        return fault(
            path, "item", "unknown_element", "Has an element that an Observation does not have here."
        )
    return None


def _components(raws: list[Raw]) -> tuple[Valued, ...] | Fault:
    if len(raws) > MAX_COMPONENTS:
        return fault("component", "components", "too_many", f"Must be at most {MAX_COMPONENTS}.")
    components = []
    for position, raw in enumerate(raws):
        path = f"component[{position}]"
        try:
            if problem := _problem_of(_decode_elements(raw), _OF_COMPONENT, path):
                return problem
            components.append(_decode_component(raw))
        except UNREADABLE as error:
            return fault_of(error, path)
    return tuple(components)
