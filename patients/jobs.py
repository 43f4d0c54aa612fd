"""The job kinds about patients: load by id, call a service."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from clinical_engine.jobs.registry import ClaimedJob, JobKind
from patients import folding


class AssociatePayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the statement that is to be fulfilled."""

    statement_id: UUID


def associate(batch: Sequence[ClaimedJob]) -> None:
    """Fold the pairs that the batch's statements speak of."""
    folding.fold_periods(statement_ids=[job.payload.statement_id for job in batch])


ASSOCIATE = JobKind(name="associate", handler=associate, schema=AssociatePayload)
