"""The job that drives a rerun: it is a job of the ledger like any other, so whatever brings those back brings it back."""

from uuid import UUID

import msgspec

from clinical_engine.jobs import ledger

KIND = "rerun"


class RerunPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: the rerun that is to be driven."""

    rerun_id: UUID


def new_driver(rerun_id: UUID) -> ledger.NewJob:
    """A job, not yet written, that drives the rerun."""
    return ledger.NewJob({"rerun_id": str(rerun_id)})


def send_off(driver: ledger.NewJob) -> None:
    """Write the driving job in the caller's transaction."""
    ledger.enqueue(KIND, [driver])
