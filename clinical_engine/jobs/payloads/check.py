"""Whether this release can read every payload that it may be given: the question before it is deployed, or rolled back to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from clinical_engine.jobs.payloads.stored import StoredPayload
from clinical_engine.jobs.registry import InvalidPayloadError, JobKind, UpcastError, kinds

_EXAMPLES = 3


class Reason(StrEnum):
    """Why a payload cannot be read."""

    UNKNOWN_KIND = "unknown kind"
    NEWER_FORMAT = "newer format than this release reads"
    UPCAST_FAILS = "cannot be brought to the newest format"
    DOES_NOT_FIT = "does not fit the schema"


@dataclass(slots=True)
class Refused:
    """Payloads that cannot be read for one reason: how many, and a few of their jobs."""

    count: int = 0
    job_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Group:
    """What refused payloads have in common."""

    kind: str
    version: int
    reason: Reason


class Verdict:
    """What a release makes of the payloads that it was shown. Its size grows with kinds and formats, not with payloads."""

    def __init__(self) -> None:
        self.read = 0
        self._refused: dict[Group, Refused] = {}
        self._kinds = {kind.name: kind for kind in kinds()}

    @property
    def refused(self) -> Iterator[tuple[Group, Refused]]:
        """The refused payloads by kind, version and reason."""
        groups = sorted(self._refused, key=lambda group: (group.kind, group.version, group.reason))
        return ((group, self._refused[group]) for group in groups)

    @property
    def all_readable(self) -> bool:
        """Whether nothing was refused."""
        return not self._refused

    def judge(self, payloads: Iterable[StoredPayload]) -> None:
        """Read the payloads as a worker of this release would."""
        for payload in payloads:
            self.read += 1
            reason = _reason(self._kinds.get(payload.kind), payload)
            if reason is not None:
                self._note(payload, reason)

    def _note(self, payload: StoredPayload, reason: Reason) -> None:
        refused = self._refused.setdefault(Group(payload.kind, payload.version, reason), Refused())
        refused.count += 1
        if len(refused.job_ids) < _EXAMPLES:
            refused.job_ids.append(payload.job_id)


def _reason(kind: JobKind | None, payload: StoredPayload) -> Reason | None:
    if kind is None:
        return Reason.UNKNOWN_KIND
    if payload.version > kind.version:
        return Reason.NEWER_FORMAT
    try:
        kind.decode_text(payload.text, payload.version)
    except UpcastError:
        return Reason.UPCAST_FAILS
    except InvalidPayloadError:
        return Reason.DOES_NOT_FIT
    return None
