"""What takes measurements back: those that replace others, and those that were entered in error. Either may come in first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.common.errors import RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.jobs.registry import ClaimedJob, JobKind
from observations.intake import chains
from observations.intake.rows import Answer, Outcome, Row, Sender
from observations.recompute import mark_dirty
from patients.validation import refusals_of_text

KIND = "correct"
MAX_REASON = 500


class CorrectPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: nothing; the corrections name their job."""


@dataclass(frozen=True, slots=True)
class EnteredInError:
    """The answer to such a statement; `is_new` is False when the same was said before."""

    is_new: bool
    job_id: UUID


def record_replacements(
    organisation_id: UUID, rows: Sequence[Row], sender: Sender
) -> tuple[list[Row], dict[int, Answer]]:
    """Note which measurements the rows replace; the rows that can be stored, and the answers to the others.

    One that would replace what another replaces already is refused: both would count. So is one that would close a circle: none
    would. One job looks for all that is replaced.
    """
    judged = chains.judge(organisation_id, rows)
    if judged.new:
        job_id = new_id()
        _note_replaced(organisation_id, judged.new, sender, job_id)
        _enqueue(organisation_id, job_id)
    answers = {
        position: Answer(Outcome.REFUSED, refusals=(refusal,)) for position, refusal in judged.refused.items()
    }
    return [row for row in rows if row.position not in answers], answers


def _note_replaced(organisation_id: UUID, rows: Sequence[Row], sender: Sender, job_id: UUID) -> None:
    execute(
        """
        INSERT INTO observations_correction (organisation_id, kind, target_client_id, replacement_client_id, api_client_id,
                                             actor_id, job_id)
        SELECT %s, 'replaced', new.target, new.replacement, %s, %s, %s
        FROM unnest(%s::text[], %s::text[]) AS new (target, replacement)
        """,
        [
            organisation_id,
            sender.api_client_id,
            sender.actor_id,
            job_id,
            array_literal(row.reading.replaces for row in rows),
            array_literal(row.reading.client_id for row in rows),
        ],
    )


def forget_unfounded(organisation_id: UUID, rows: Sequence[Row]) -> None:
    """Take out what was noted for rows that turned out to be in conflict: their client ids stand for other measurements.

    Left in place it would take nothing back, and keep everything else from replacing that measurement.
    """
    execute(
        """
        DELETE FROM observations_correction noted
        USING unnest(%s::text[], %s::text[]) AS new (target, replacement), observations_measurement known
        WHERE noted.organisation_id = %s AND noted.target_client_id = new.target AND noted.kind = 'replaced'
          AND noted.replacement_client_id = new.replacement
          AND known.organisation_id = noted.organisation_id AND known.client_id = new.replacement
          AND known.replaces <> new.target
        """,
        [
            array_literal(row.reading.replaces for row in rows),
            array_literal(row.reading.client_id for row in rows),
            organisation_id,
        ],
    )


@transaction.atomic
def enter_in_error(*, organisation_id: UUID, client_id: str, reason: str, sender: Sender) -> EnteredInError:
    """Say that a measurement was entered in error; it counts no longer and stays readable. It may come in later than this.

    What was said first stands. Raises RefusedError when the client id or the reason cannot be accepted.
    """
    refusals = [
        *refusals_of_text("client_id", client_id),
        *refusals_of_text("reason", reason, MAX_REASON),
    ]
    if refusals:
        raise RefusedError(*refusals)
    job_id = new_id()
    if note_errors(organisation_id, {client_id: reason}, sender, job_id):
        return EnteredInError(is_new=True, job_id=job_id)
    [(job_id,)] = fetch_all(
        """
        SELECT job_id FROM observations_correction
        WHERE organisation_id = %s AND target_client_id = %s AND kind = 'entered-in-error'
        """,
        [organisation_id, client_id],
    )
    return EnteredInError(is_new=False, job_id=job_id)


def note_errors(organisation_id: UUID, reasons: Mapping[str, str], sender: Sender, job_id: UUID) -> set[str]:
    """Note in the caller's transaction that the measurements of these client ids were entered in error, each for its reason.

    Those of which that is new, for which one job looks; of the others what was said first stands. The reasons are the caller's to
    check.
    """
    # In order: two requests with the same ones would deadlock.
    ordered = dict(sorted(reasons.items()))
    new = fetch_all(
        """
        INSERT INTO observations_correction (organisation_id, target_client_id, kind, reason, api_client_id, actor_id, job_id)
        SELECT %s, new.client_id, 'entered-in-error', new.reason, %s, %s, %s
        FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS new (client_id, reason, position)
        ORDER BY new.position
        ON CONFLICT (organisation_id, target_client_id, kind) DO NOTHING
        RETURNING target_client_id
        """,
        [
            organisation_id,
            sender.api_client_id,
            sender.actor_id,
            job_id,
            array_literal(ordered),
            array_literal(ordered.values()),
        ],
    )
    if new:
        _enqueue(organisation_id, job_id)
    return {client_id for (client_id,) in new}


def _enqueue(organisation_id: UUID, job_id: UUID) -> None:
    # By a job, which runs after the commit: here a measurement that comes in at this moment cannot be seen yet, nor does it
    # see this. One that comes in after the job ran finds the correction when it is computed.
    ledger.enqueue(KIND, [ledger.NewJob(organisation_id=organisation_id, id=job_id)])


def correct(batch: Sequence[ClaimedJob]) -> None:
    """Have everything computed anew that follows from the measurements which the jobs' corrections take back."""
    rows = fetch_all(
        """
        SELECT measurement.patient_id, measurement.organisation_id, min(measurement.measured_at)
        FROM observations_correction correction
        JOIN observations_measurement measurement ON measurement.organisation_id = correction.organisation_id
             AND measurement.client_id = correction.target_client_id
        WHERE correction.job_id = ANY(%s::uuid[]) AND correction.applied_at IS NULL
        GROUP BY measurement.patient_id, measurement.organisation_id
        """,
        [array_literal(job.id for job in batch)],
    )
    if rows:
        mark_dirty({row[0]: row[2] for row in rows}, {row[0]: row[1] for row in rows})


CORRECT = JobKind(name=KIND, handler=correct, schema=CorrectPayload)
