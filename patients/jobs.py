"""The job kinds about patients: load by id, call a service."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handled, JobKind
from patients import folding
from patients.models import Roster
from patients.rosters import comparing, schedule, selectors
from patients.rosters import services as rosters
from patients.rosters.advancing import advance


class AssociatePayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the statement that is to be fulfilled."""

    statement_id: UUID


def associate(batch: Sequence[ClaimedJob]) -> Handled:
    """Fold the pairs that the batch's statements speak of.

    A job whose statement there is not, or is not about the job's own patient and submitter, fails: it must not look as if what it
    was to do were done.
    """
    pairs = folding.fold_periods(statement_ids=[job.payload.statement_id for job in batch])
    failed = {job.id: error for job in batch if (error := _what_is_wrong(job, pairs))}
    return Handled(failed=failed)


def _what_is_wrong(job: ClaimedJob, pairs: Mapping[UUID, folding.Pair]) -> Exception | None:
    pair = pairs.get(job.payload.statement_id)
    if pair is None:
        return PermanentError("There is no such statement.")
    if pair != (job.patient_id, job.submitter_id):
        return PermanentError("The statement is not about the job's patient and submitter.")
    return None


ASSOCIATE = JobKind(name="associate", handler=associate, schema=AssociatePayload)


class RosterPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the roster that is to be compared, and applied unless it is a dry run."""

    roster_id: UUID


def drive_roster(batch: Sequence[ClaimedJob]) -> Handled:
    """Do the next step of each roster."""
    continued = {
        job.id: {"steps": (job.cursor or {}).get("steps", 0) + 1}
        for job in batch
        if advance(job.payload.roster_id, job.id)
    }
    return Handled(continued=continued)


# One at a time: a slice of one is a transaction of its own. In the queue of bulk work: among the rings for single statements,
# of which each may find a backlog, it seldom came to its turn. After a second of slices others get through.
ROSTER = JobKind(
    name=rosters.KIND,
    handler=drive_roster,
    schema=RosterPayload,
    queue=RERUNS_QUEUE,
    batch_size=1,
    turn=timedelta(seconds=1),
    report=lambda payload: selectors.report_on(payload.roster_id),
)


class DriftPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the roster whose lines are to be compared again."""

    roster_id: UUID


def compare_again(batch: Sequence[ClaimedJob]) -> None:
    """Count who drifts, for each roster that still is the last one of its submitter."""
    ids = [job.payload.roster_id for job in batch]
    for roster in Roster.objects.filter(pk__in=ids, is_last=True):
        comparing.compare_again(roster)


# One at a time: a list may have two million lines.
DRIFT = JobKind(
    name=schedule.KIND,
    handler=compare_again,
    schema=DriftPayload,
    queue=RERUNS_QUEUE,
    batch_size=1,
    turn=timedelta(seconds=1),
)

KINDS = (ASSOCIATE, ROSTER, DRIFT)
