"""What an Observation means: a reading, or that an earlier one was entered in error."""

import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from observations.catalogue import Catalogue, Entry
from observations.fhir.elements import Concept, Identifier, Observation, Sent, Valued
from observations.fhir.faults import Fault, fault
from observations.fhir.subjects import Subject
from observations.fhir.terms import CLIENT_IDS, REPLACES, client_id_of
from observations.fhir.values import code_of, time_of, value_elements, value_of
from observations.intake.corrections import MAX_REASON
from observations.models import COMPOSED
from observations.readings import Component, Reading, Simple
from patients.validation import refusals_of_text

STANDING = frozenset(("final", "amended", "corrected"))
ENTERED_IN_ERROR = "entered-in-error"
_NOTE = "note"
_WITHOUT_REASON = "Sent with the status entered-in-error"


class Retraction(msgspec.Struct, frozen=True, gc=False):
    """That the measurement of this client id was entered in error, and whether it was a note that said why."""

    client_id: str
    reason: str
    is_explained: bool


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What an entry means, of which organisation where that can be told; the path of a fault is below the entry.

    `concept` is what it is about, as far as that can be read.
    """

    meant: Reading | Retraction | Fault
    concept: Concept = Concept()
    organisation_id: UUID | None = None
    sent: Sent | None = None

    @property
    def ignored(self) -> tuple[str, ...]:
        """The elements that nothing is made of."""
        return self.sent.ignored if self.sent else ()

    def ignored_where(self, reason: str) -> tuple[str, ...]:
        """Those of a retraction where this is the reason that stands: the note that says it is kept, any other is not."""
        meant = self.meant
        is_kept = isinstance(meant, Retraction) and meant.is_explained and meant.reason == reason
        return tuple(name for name in self.ignored if not (is_kept and name == _NOTE))


def meaning_of(sent: Sent, subject: Subject | Fault, codes: Catalogue) -> Meaning:
    """What the Observation of an entry means."""
    organisation_id = None if isinstance(subject, Fault) else subject.organisation_id
    meant = _meant(sent, subject, codes)
    if isinstance(meant, Fault):
        meant = Fault(meant.refusal, f"resource.{meant.path}")
    return Meaning(meant, sent.observation.code, organisation_id, sent)


def _meant(sent: Sent, subject: Subject | Fault, codes: Catalogue) -> Reading | Retraction | Fault:
    if isinstance(subject, Fault):
        return subject
    status = sent.observation.status
    if status == ENTERED_IN_ERROR:
        return _retraction(sent.observation)
    if status not in STANDING:
        return fault(
            "status", "item", "status_not_final", "Must be final, amended, corrected or entered-in-error."
        )
    return _reading(sent, subject, codes)


def _retraction(observation: Observation) -> Retraction | Fault:
    client_id = _client_id(observation.identifier)
    if isinstance(client_id, Fault):
        return client_id
    if refusals := refusals_of_text("client_id", client_id):
        return Fault(refusals[0], f"identifier[{_position(observation.identifier)}].value")
    # On one line, as reasons are.
    remarks = " ".join(" ".join(note.text for note in observation.note).split())[:MAX_REASON].strip()
    is_explained = not refusals_of_text("reason", remarks, MAX_REASON)
    return Retraction(client_id, remarks if is_explained else _WITHOUT_REASON, is_explained)


def _reading(sent: Sent, subject: Subject, codes: Catalogue) -> Reading | Fault:
    observation = sent.observation
    client_id, replaces = _client_id(observation.identifier), _replaced(observation)
    code, time = code_of(observation.code, codes, "code"), time_of(observation)
    # One after the other, so that each is known to be none.
    if isinstance(client_id, Fault):
        return client_id
    if isinstance(replaces, Fault):
        return replaces
    if isinstance(code, Fault):
        return code
    if isinstance(time, Fault):
        return time
    value = _value(sent, codes.by_code.get(code), codes)
    if isinstance(value, Fault):
        return value
    return Reading(client_id, subject.external_id, code, value[0], value[1], time, replaces)


def _value(
    sent: Sent, entry: Entry | None, codes: Catalogue
) -> tuple[Simple | tuple[Component, ...], str | None] | Fault:
    if sent.components:
        if elements := value_elements(sent.observation):
            return fault(
                elements[0], "value", "value_and_components", "An Observation has a value or components here."
            )
        return _composed(sent.components, codes)
    simple = value_of(sent.observation, entry, "")
    is_composed = entry is not None and entry.kind in COMPOSED
    if is_composed and isinstance(simple, Fault) and simple.path == "value":
        return fault("component", "components", "missing", "This code takes components.")
    return simple


def _composed(components: Sequence[Valued], codes: Catalogue) -> tuple[tuple[Component, ...], None] | Fault:
    read = []
    for position, component in enumerate(components):
        path = f"component[{position}]"
        code = code_of(component.code, codes, f"{path}.code")
        if isinstance(code, Fault):
            return code
        value = value_of(component, codes.by_code.get(code), f"{path}.")
        if isinstance(value, Fault):
            return value
        read.append(Component(code, *value))
    return tuple(read), None


def _client_id(identifiers: Sequence[Identifier]) -> str | Fault:
    position = _position(identifiers)
    if position is None:
        return fault("identifier", "client_id", "missing", "Must have an identifier with a value.")
    return _named(identifiers[position], f"identifier[{position}]", "client_id")


def _position(identifiers: Sequence[Identifier]) -> int | None:
    """Which one names the measurement: the one of our own system, otherwise the first."""
    named = [position for position, each in enumerate(identifiers) if each.value is not None]
    ours = [position for position in named if identifiers[position].system == CLIENT_IDS]
    return next(iter(ours or named), None)


def _named(identifier: Identifier, path: str, field: str) -> str | Fault:
    client_id = client_id_of(identifier.system, identifier.value or "")
    if client_id is None:
        return fault(f"{path}.system", field, "invalid", "Must be an absolute URI without a vertical bar.")
    return client_id


def _replaced(observation: Observation) -> str | Fault | None:
    found = [(position, each) for position, each in enumerate(observation.extension) if each.url == REPLACES]
    if not found:
        return None
    position, extension = found[0]
    path = f"extension[{position}].valueIdentifier"
    if len(found) > 1:
        return fault(path, "replaces", "replaces_twice", "It replaces one measurement at most.")
    if extension.value_identifier is None:
        return fault(path, "replaces", "missing", "Is required.")
    return _named(extension.value_identifier, path, "replaces")


_COMPONENT = re.compile(r"components(?:\[(\d+)\](?:\.(\w+))?)?")


def path_of(sent: Sent | None, field: str) -> str:
    """The path of the element from which a reading's field was made."""
    if sent is None:
        return ""
    if found := _COMPONENT.fullmatch(field):
        if found[1] is None:
            return "component"
        path = f"component[{found[1]}]"
        return f"{path}.{_of_value(sent.components[int(found[1])], found[2] or 'value')}"
    observation = sent.observation
    if field in {"code", "value", "unit"}:
        return _of_value(observation, field)
    time = "effectiveDateTime" if observation.effective_date_time is not None else "effectiveInstant"
    replacing = next((n for n, each in enumerate(observation.extension) if each.url == REPLACES), 0)
    places = {
        "client_id": f"identifier[{_position(observation.identifier) or 0}].value",
        "external_id": "subject.identifier.value",
        "measured_at": time,
        "replaces": f"extension[{replacing}].valueIdentifier",
    }
    return places.get(field, "")


def _of_value(valued: Valued, field: str) -> str:
    if field == "code":
        return "code"
    element = next(iter(value_elements(valued)), "value")
    if element != "valueQuantity":
        return element
    return f"{element}.{'code' if field == 'unit' else 'value'}"
