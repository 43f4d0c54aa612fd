"""The dry run: what a bulk rerun of a selection would do. Reads every job of it once and writes nothing."""

import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce

from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs.models import Circuit, Job
from clinical_engine.jobs.registry import InvalidPayloadError, UnknownKindError, kind_of
from clinical_engine.jobs.reruns.limits import SECONDS_IN_FLIGHT, Limits
from clinical_engine.jobs.selection import DEFAULT_STATE, Selection
from clinical_engine.jobs.states import FAILED, JobState

# Every one is read for its payload, within one request of the admin.
LARGEST = 300_000
_READ_AT_ONCE = 5_000
# What running again changes: what succeeded, runs or waits for its first try is never a rerun's.
_STATES: Mapping[str, tuple[JobState, ...]] = {
    DEFAULT_STATE: FAILED,
    "all": FAILED,
    **{
        state.value: (state,)
        for state in (JobState.DEAD, JobState.INVALID_PAYLOAD, JobState.CANCELLED, JobState.RETRYABLE)
    },
}


class Chosen(NamedTuple):
    """A job that would run again; it sorts by kind and cause, so that a few taken evenly stand for all."""

    kind: str
    fingerprint: str
    id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Jobs of one kind that failed for one cause; `error` is what one of them says."""

    kind: str
    fingerprint: str
    error: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Jobs of one kind and format that this release cannot decode, and why."""

    kind: str
    version: int
    reason: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Examination:
    """What a rerun would do: the jobs it would run, and those that it would leave out.

    Left out are those that nobody could read, and `under_way`: those that another rerun has still to run.
    """

    selection: Selection
    chosen: Sequence[Chosen]
    causes: Sequence[Cause]
    unreadable: Sequence[Unreadable]
    patients: int
    organisations: int
    under_way: int
    resting: Sequence[str]
    """The kinds whose circuit is open: their jobs wait until it closes."""

    @property
    def jobs(self) -> int:
        """How many jobs would run again."""
        return len(self.chosen)

    @property
    def left_out(self) -> int:
        """How many jobs match and would not decode."""
        return sum(group.jobs for group in self.unreadable)

    @property
    def why_none(self) -> str:
        """Why nothing would run although jobs match."""
        reasons = [
            f"{self.left_out:,} cannot be read by this release" if self.left_out else "",
            f"{self.under_way:,} are in a rerun that is under way or paused" if self.under_way else "",
        ]
        return f"Of the jobs that match {' and '.join(filter(None, reasons))}."

    @property
    def kinds(self) -> Sequence[tuple[str, int]]:
        """How many jobs of each kind would run again, the commonest first."""
        return Counter(job.kind for job in self.chosen).most_common()

    def duration(self, limits: Limits) -> timedelta:
        """How long it takes at that rate, when the jobs themselves are quicker."""
        return timedelta(seconds=self.jobs / limits.rate + (SECONDS_IN_FLIGHT if limits.canary else 0))


def states_of(selection: Selection) -> tuple[JobState, ...]:
    """The states in which a job of the selection must be to run again: failed, unless the selection names another that can."""
    return _STATES.get(selection.state, ())


def examine(selection: Selection) -> Examination:
    """Read all jobs of the selection. Raises NotAllowedNowError, in words, when there is none to run again or too many."""
    found = _Findings(taken=_taken())
    for row in _rows(selection):
        found.add(*row)
    if not found.read:
        raise NotAllowedNowError(_why_nothing(selection))
    return Examination(
        selection=selection,
        chosen=found.chosen,
        causes=found.causes(),
        unreadable=[Unreadable(*key, jobs) for key, jobs in found.unreadable.most_common()],
        patients=len(found.patients),
        organisations=len(found.organisations),
        under_way=found.under_way,
        resting=_resting({job.kind for job in found.chosen}),
    )


@dataclass(slots=True)
class _Findings:
    """What has been read so far; `taken` are the jobs that other reruns have still to run."""

    taken: Collection[str]
    under_way: int = 0
    read: int = 0
    chosen: list[Chosen] = field(default_factory=list)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    unreadable: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    organisations: set[str] = field(default_factory=set)

    def add(self, job: Chosen, version: int, payload: str, error: str, owners: Sequence[str | None]) -> None:
        self.read += 1
        if self.read > LARGEST:
            raise NotAllowedNowError(
                f"More than {LARGEST:,} jobs match. Narrow the filter, by kind, cause, organisation or time."
            )
        if job.id in self.taken:
            self.under_way += 1
            return
        if reason := _why_unreadable(job.kind, version, payload):
            self.unreadable[job.kind, version, reason] += 1
            return
        self.chosen.append(job)
        self.errors.setdefault((job.kind, job.fingerprint), error)
        for ids, owner in zip((self.patients, self.organisations), owners, strict=True):
            if owner is not None:
                ids.add(owner)

    def causes(self) -> list[Cause]:
        counted = Counter((job.kind, job.fingerprint) for job in self.chosen)
        return [Cause(*key, self.errors[key], jobs) for key, jobs in counted.most_common()]


def _rows(selection: Selection) -> Iterator[tuple[Chosen, int, str, str, Sequence[str | None]]]:
    rows = _texts(selection.rows().filter(state__in=states_of(selection)))
    for kind, fingerprint, key, attempts, version, payload, error, *owners in rows.iterator(_READ_AT_ONCE):
        # A hundred thousand jobs have a few kinds and causes between them: one text each, not one for each job.
        job = Chosen(sys.intern(kind), sys.intern(fingerprint), key, attempts)
        yield job, version, payload, error, owners


def _taken() -> set[str]:
    rows = fetch_all(
        """
        SELECT item.job_id::text FROM jobs_rerunitem item JOIN jobs_rerun rerun ON rerun.id = item.rerun_id
        WHERE rerun.state NOT IN ('finished', 'cancelled') AND item.outcome IN ('waiting', 'running')
        """
    )
    return {job_id for (job_id,) in rows}


def _texts(rows: QuerySet[Job]) -> "QuerySet[Any, Any]":
    # As texts: a UUID and a decoded document for each of a hundred thousand rows take seconds.
    return rows.order_by().values_list(
        "kind",
        "fingerprint",
        Cast("id", TextField()),
        "attempts_made",
        Coalesce("revised_version", "payload_version"),
        Cast(Coalesce(F("revised_payload"), F("payload")), TextField()),
        "error",
        Cast("patient_id", TextField()),
        Cast("organisation_id", TextField()),
    )


def _why_unreadable(kind_name: str, version: int, payload: str) -> str:
    try:
        kind_of(kind_name).decode_text(payload, version)
    except (InvalidPayloadError, UnknownKindError) as error:
        return str(error)
    return ""


def _resting(kinds: set[str]) -> list[str]:
    opened = Circuit.objects.filter(kind__in=kinds, open_until__isnull=False)
    return list(opened.order_by("kind").values_list("kind", flat=True))


def _why_nothing(selection: Selection) -> str:
    if not states_of(selection):
        return "Running again changes only jobs that failed, were cancelled or wait to be tried again: choose such a state."
    return "No job that could run again matches this filter."
