"""Kinds of job: one that can kill its worker, one whose payload has another format in the newer release, one new in that.

The effect of a job is a row that nothing keeps from being written twice.
"""

import os
import signal
from collections.abc import Sequence
from typing import Any

import msgspec

from clinical_engine.common.database import array_literal, execute
from clinical_engine.jobs.registry import ClaimedJob, JobKind

EFFECTS = "CREATE TABLE faults_effect (job_id uuid NOT NULL)"
"""Made by the suite, as the database's owner."""
FORMAT_VARIABLE = "FAULTS_FORMAT"


class FragilePayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the job kills the process that runs it."""

    deadly: bool = False


class EmptyPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing."""


class OldPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1."""

    number: int


class NewPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 2."""

    numbers: list[int]


def leave_effects(batch: Sequence[ClaimedJob]) -> None:
    """Write the effect of each job."""
    execute("INSERT INTO faults_effect SELECT unnest(%s::uuid[])", [array_literal(job.id for job in batch)])


def leave_effects_or_die(batch: Sequence[ClaimedJob]) -> None:
    """Write the effects, then kill this process when one of the jobs is a deadly one: nothing of it is committed."""
    leave_effects(batch)
    if any(job.payload.deadly for job in batch):
        os.kill(os.getpid(), signal.SIGKILL)


def _to_version_2(payload: dict[str, Any]) -> dict[str, Any]:
    return {"numbers": [payload["number"]]}


FRAGILE = JobKind(name="fragile", handler=leave_effects_or_die, schema=FragilePayload)
IS_NEW = os.environ.get(FORMAT_VARIABLE) == "2"
INTRODUCED = JobKind(name="introduced", handler=leave_effects, schema=EmptyPayload)
"""Only the newer release has it."""
RENAMED = (
    JobKind(
        name="renamed",
        handler=leave_effects,
        schema=NewPayload,
        version=2,
        upcasters={1: _to_version_2},
    )
    if IS_NEW
    else JobKind(name="renamed", handler=leave_effects, schema=OldPayload)
)
