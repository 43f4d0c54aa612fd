"""A failed job's payload made ready for editing: the original, what the steps make of it, and the text to begin with."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import InvalidPayloadError, JobKind, UnknownKindError, kind_of


@dataclass(frozen=True, slots=True)
class Step:
    """What a payload is in one format; `fault` instead when it cannot be brought there."""

    version: int
    payload: Any = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What this release makes of a payload: each step from the stored format to the newest, and why it does not fit, or ''."""

    steps: tuple[Step, ...]
    fault: str

    @property
    def newest(self) -> Any:  # noqa: ANN401 - whatever the last step made
        """The payload in the newest format, as far as it could be brought there."""
        return self.steps[-1].payload if self.steps else None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person begins with: `payload` to be saved in format `version`, which `is_upcast` unless no step leads there."""

    payload: Any
    version: int
    is_upcast: bool


def known_kind(job: Job) -> JobKind | None:
    """The job's kind, or None when this release does not know it."""
    try:
        return kind_of(job.kind)
    except UnknownKindError:
        return None


def effective(job: Job) -> tuple[Any, int]:
    """Payload and format that a worker would read: those of the last revision, or the original's."""
    if job.revised_version is not None:
        return job.revised_payload, job.revised_version
    return job.payload, job.payload_version


def read(kind: JobKind, payload: object, version: int) -> Reading:
    """Bring the payload to the newest format step by step, and see whether it fits."""
    steps: list[Step] = []
    for step in range(version, kind.version):
        try:
            # Each step is shown: one that works on what it was given must not change what stands before it.
            payload = kind.upcast(deepcopy(payload), step, step + 1)
        except InvalidPayloadError as error:
            return Reading((*steps, Step(step + 1, fault=str(error))), str(error))
        steps.append(Step(step + 1, payload))
    try:
        kind.decode(payload, max(version, kind.version))
    except InvalidPayloadError as error:
        return Reading(tuple(steps), str(error))
    return Reading(tuple(steps), "")


def draft_of(kind: JobKind, job: Job) -> Draft:
    """The text to begin with: the last revision or the original, in the format that the kind writes.

    What is stored in a newer format than that stays in it: there is no way back, and a person should not have to find one.
    """
    payload, version = effective(job)
    written = max(kind.written_version, version)
    try:
        return Draft(kind.upcast(deepcopy(payload), version, written), written, is_upcast=True)
    except InvalidPayloadError:
        return Draft(payload, written, is_upcast=False)
