"""The kinds of job there are. Domain apps register theirs at start; the platform knows none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

MAX_PAYLOAD_BYTES = 64 * 1024


class InvalidPayloadError(Exception):
    """A stored payload that the kind's schema refuses; only a person can mend it."""


class UnknownKindError(LookupError):
    """No app of this release registers the kind."""


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job as its handler sees it: its payload decoded, its ids opaque."""

    id: UUID
    payload: Any
    organisation_id: UUID | None
    submitter_id: UUID | None
    patient_id: UUID | None
    dirty_from: datetime | None
    cursor: Any


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler says of its batch. Jobs that it does not name have succeeded.

    `continued` gives for each job that has done one slice the cursor from which it goes on, `failed` the error of each job
    that failed although what was written for it and the others stands.
    """

    continued: Mapping[UUID, Any] = field(default_factory=dict)
    failed: Mapping[UUID, Exception] = field(default_factory=dict)


Handler = Callable[[Sequence[ClaimedJob]], Handled | None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its payload's format, its handler, and how it is claimed.

    The handler gets up to `batch_size` jobs in one open transaction and writes for all of them; an error of one
    fails the transaction, and the batch is split until the culprit stands alone. `upcasters[n]` turns the payload of
    version n into version n + 1 and is a pure function; `schema` describes version `version`.
    """

    name: str
    handler: Handler
    schema: type[msgspec.Struct]
    version: int = 1
    upcasters: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    queue: str = "default"
    batch_size: int = 100

    def decode(self, payload: dict[str, Any], version: int) -> Any:  # noqa: ANN401 - the kind's own schema
        """The payload in the current format. Raises InvalidPayloadError, whose text names fields but holds no value."""
        try:
            for step in range(version, self.version):
                payload = self.upcasters[step](payload)
            return msgspec.convert(payload, self.schema)
        except Exception as error:
            # Whatever an upcaster stumbles over, it is this payload's fault, and no other job of the batch may fail with it.
            raise InvalidPayloadError(
                f"The payload of format {version} does not fit {self.schema.__name__}."
            ) from error


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Make a kind known. Raises ValueError when the name is taken or a step between two formats has no upcaster."""
    if kind.name in _kinds:
        raise ValueError(f"The job kind {kind.name} is registered twice.")
    if set(kind.upcasters) != set(range(1, kind.version)):
        raise ValueError(
            f"The job kind {kind.name} needs one upcaster for each step below version {kind.version}."
        )
    _kinds[kind.name] = kind


def kind_of(name: str) -> JobKind:
    """The kind of this name. Raises UnknownKindError."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKindError(f"This release knows no job kind {name!r}.") from None


def kinds() -> list[JobKind]:
    """All kinds that this release knows."""
    return list(_kinds.values())
