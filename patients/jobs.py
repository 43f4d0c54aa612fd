"""The job kinds about patients: load by id, call a service."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.registry import ClaimedJob, Handled, JobKind
from patients import folding


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
