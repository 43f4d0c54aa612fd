"""The kinds of job there are. Domain apps register theirs at start; the platform knows none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from clinical_engine.jobs.payloads.faults import fault_of

MAX_PAYLOAD_BYTES = 64 * 1024
DEFAULT_QUEUE = "default"
# Whatever is tried a second time, and bulk work: a storm of it has a worker slot of its own and never delays what came in just now.
RERUNS_QUEUE = "reruns"
Upcaster = Callable[[Any], dict[str, Any]]


class InvalidPayloadError(Exception):
    """A stored payload that this release cannot read; only a person can mend it."""


class UpcastError(InvalidPayloadError):
    """A stored payload over which a step between two formats stumbles."""


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

    `continued` gives for each job that has done one slice the cursor from which it goes on after `wait`, `failed` the error
    of each job that failed although what was written for it and the others stands.
    """

    continued: Mapping[UUID, Any] = field(default_factory=dict)
    wait: timedelta = timedelta(0)
    failed: Mapping[UUID, Exception] = field(default_factory=dict)


Handler = Callable[[Sequence[ClaimedJob]], Handled | None]


@dataclass(frozen=True, slots=True)
class Report:
    """How far a long job has come, and what came of it so far; `of` None while it is not known, `result` the kind's own."""

    done: int
    of: int | None
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: its payload's format, its handler, and how it is claimed.

    The handler gets up to `batch_size` jobs in one open transaction and writes for all of them; an error of one
    fails the transaction, and the batch is split until the culprit stands alone.

    `version` is the newest format that this release reads, `schema` describes it, and `upcasters[n]` turns a payload of
    version n into version n + 1 and is a pure function. `writes` is the format in which new jobs are written: the release
    that introduces version n + 1 still writes n, so that the one before can be brought back; `written_schema` then is the
    schema of n, by which the one before will judge what is written.
    """

    name: str
    handler: Handler
    schema: type[msgspec.Struct]
    version: int = 1
    writes: int = 0
    """0 stands for `version`."""
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    written_schema: type[msgspec.Struct] | None = None
    queue: str = DEFAULT_QUEUE
    batch_size: int = 100
    turn: timedelta | None = None
    """For kinds whose jobs are done in many slices: how long one ring may keep a worker on them. None leaves that to the worker.

    The slices are not flushed one by one: a crash of the server takes the last ones, with how far the job had come.
    """
    report: Callable[[Any], Report | None] | None = None
    """What the API tells of a job of this kind, by its decoded payload, beside its state; one query."""

    @property
    def written_version(self) -> int:
        """The format in which new jobs are written."""
        return self.writes or self.version

    def upcast(self, payload: Any, version: int, to: int | None = None) -> Any:  # noqa: ANN401 - whatever was stored
        """The payload of format `version` in format `to`, by default the newest. Raises InvalidPayloadError, as `decode`."""
        if version > self.version:
            raise InvalidPayloadError(
                f"The payload has format {version}, and this release reads up to {self.version}."
            )
        for step in range(version, to or self.version):
            try:
                payload = self.upcasters[step](payload)
            except Exception as error:
                # Whatever an upcaster stumbles over, it is this payload's fault, and no other job may fail with it.
                raise UpcastError(
                    f"The payload of format {version} cannot be brought from format {step} to {step + 1}."
                ) from error
        return payload

    def decode(self, payload: Any, version: int) -> Any:  # noqa: ANN401 - whatever was stored, as the kind's own schema
        """The payload in the newest format. Raises InvalidPayloadError, whose text names fields but holds no value."""
        current = self.upcast(payload, version)
        try:
            return msgspec.convert(current, self.schema)
        except Exception as error:
            raise _refused(version, self.schema, error) from error

    def decode_text(self, text: str | bytes, version: int) -> Any:  # noqa: ANN401 - the kind's own schema
        """As `decode`, for the payload as JSON: several times as fast where no step lies between."""
        schema = self.schema if version == self.version else None
        try:
            payload = msgspec.json.decode(text, type=schema or Any)
        except Exception as error:
            raise _refused(version, self.schema, error) from error
        return payload if schema else self.decode(payload, version)

    def check_written(self, text: str | bytes) -> None:
        """Raise InvalidPayloadError unless whoever reads a new job can: this release, and the one before while it may return."""
        if self.written_schema is not None:
            try:
                msgspec.json.decode(text, type=self.written_schema)
            except Exception as error:
                raise _refused(self.written_version, self.written_schema, error) from error
        self.decode_text(text, self.written_version)


def _refused(version: int, schema: type[msgspec.Struct], error: Exception) -> InvalidPayloadError:
    return InvalidPayloadError(
        f"The payload of format {version} does not fit {schema.__name__}: {fault_of(error)}."
    )


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Make a kind known.

    Raises ValueError when the name is taken, a step between two formats has no upcaster, what it writes is neither the newest
    format nor the one before, or it is the one before and its schema is not given.
    """
    if kind.name in _kinds:
        raise ValueError(f"The job kind {kind.name} is registered twice.")
    if set(kind.upcasters) != set(range(1, kind.version)):
        raise ValueError(
            f"The job kind {kind.name} needs one upcaster for each step below version {kind.version}."
        )
    if kind.written_version not in {kind.version, kind.version - 1}:
        raise ValueError(f"The job kind {kind.name} writes its newest format or the one before.")
    if (kind.written_version < kind.version) != (kind.written_schema is not None):
        raise ValueError(
            f"The job kind {kind.name} needs the schema of the format that it writes when, and only when, that is the one before."
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
