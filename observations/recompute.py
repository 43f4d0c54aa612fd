"""The recompute job: which measurements are covered, and what follows from them, for a batch of patients at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs import ledger
from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.registry import ClaimedJob, Handled, JobKind
from observations.computing.bringing import bring_current
from observations.computing.evaluating import Outcome
from observations.standing import apply_corrections
from patients.locks import lock_patients
from patients.registry import ChangedPeriods

KIND = "recompute"


class RecomputePayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version 1: nothing; the patient and the time are columns of the job, where waiting jobs are merged."""


def mark_dirty(dirty_from: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]) -> None:
    """Note, in the caller's transaction, that what follows from these patients' facts since then must be computed anew."""
    ledger.enqueue_recompute(KIND, dirty_from, organisation_ids)


def write_and_mark_dirty(writing: str, parameters: Sequence[Any], patients: int) -> int:
    """Run a statement that writes facts about at most so many patients, and note the same of each with it, as one; the rows.

    `writing` gives (organisation_id, patient_id, since) of each row that it writes.
    """
    return ledger.write_and_enqueue_recompute(KIND, writing, parameters, patients)


def hear_of_changed_periods(changed: ChangedPeriods) -> None:
    """Free the measurements of associations that vanish, and note that what follows from changed periods must be computed anew.

    For patients who have a measurement since then; for the others nothing follows. Told under the patients' locks: a measurement
    that is being taken in meanwhile brings a job of its own, which waits for the lock and then sees the new periods.
    """
    if changed.vanishing:
        execute(
            "UPDATE observations_measurement SET association_id = NULL WHERE association_id = ANY(%s::bigint[])",
            [changed.vanishing],
        )
    # In order: where few patients have many readings the planner expects the first row it reads to do, and reads all for those who
    # have none.
    rows = fetch_all(
        f"""
        SELECT changed.patient_id, changed.since, measured.organisation_id
        FROM ({changed.rows}) AS changed (patient_id, since)
        CROSS JOIN LATERAL (
            SELECT organisation_id FROM observations_measurement measurement
            WHERE measurement.patient_id = changed.patient_id AND measurement.measured_at >= changed.since
            ORDER BY measurement.code_id, measurement.measured_at DESC LIMIT 1
        ) AS measured
        """,  # noqa: S608 - a query of ours, values apart
        changed.parameters,
    )
    if rows:
        mark_dirty({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows})


def recompute(batch: Sequence[ClaimedJob]) -> Handled:
    """Bring coverage and observations of the batch's patients in line with the facts since each one's `dirty_from`.

    A pure function of what is accepted by now: repeating it, or doing it in another order, changes nothing. A script that fails
    fails the job of its patient, while the other scripts' results and the coverage stand.
    """
    dirty_from: dict[UUID, datetime] = {}
    organisation_ids: dict[UUID, UUID] = {}
    for job in batch:
        if job.patient_id is None or job.dirty_from is None or job.organisation_id is None:
            continue
        dirty_from[job.patient_id] = min(job.dirty_from, dirty_from.get(job.patient_id, job.dirty_from))
        organisation_ids[job.patient_id] = job.organisation_id
    lock_patients(array_literal(dirty_from))
    apply_corrections(dirty_from)
    _cover(dirty_from)
    outcomes = bring_current(dirty_from, organisation_ids)
    _let_settle(outcomes, organisation_ids)
    failed = {job.id: outcomes[job.patient_id].failures for job in batch if job.patient_id in outcomes}
    return Handled(failed={job: PermanentError(str(found[0])) for job, found in failed.items() if found})


# A device that was offline sends its readings in any order, and each changes results of the days after it. Without a pause they
# would be computed again and again: each result that was replaced costs a pause of so long.
_RESTLESS = 50
_PAUSE_EACH = timedelta(milliseconds=10)
_LONGEST_PAUSE = timedelta(seconds=30)


def _let_settle(outcomes: Mapping[UUID, Outcome], organisation_ids: Mapping[UUID, UUID]) -> None:
    """Let patients of whom many results were replaced at once wait before that is done again."""
    wait = {
        patient: min(len(outcome.ended) * _PAUSE_EACH, _LONGEST_PAUSE)
        for patient, outcome in outcomes.items()
        if len(outcome.ended) >= _RESTLESS
    }
    if wait:
        ledger.hold_recompute(KIND, wait, organisation_ids)


# Asked twice for a row that changes. The alternative, a join of the measurements with themselves, took the square of their
# number when the planner believed the table empty, as it does until the first bulk load has been analysed.
_COVERING = """(
    SELECT a.id FROM patients_association a
    WHERE a.patient_id = m.patient_id AND a.associated_at <= m.measured_at
      AND (a.dissociated_at IS NULL OR m.measured_at < a.dissociated_at)
    ORDER BY a.associated_at, a.submitter_id LIMIT 1
)"""


def _cover(dirty_from: Mapping[UUID, datetime]) -> None:
    """Link each measurement to the association that covers it, or to none.

    Where several submitters cover it, the earliest association counts, then the smaller submitter id: never one that depends
    on the order in which things arrived.
    """
    execute(
        f"""
        UPDATE observations_measurement m SET association_id = {_COVERING}
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS dirty (patient_id, since)
        WHERE m.patient_id = dirty.patient_id AND m.measured_at >= dirty.since
          AND m.association_id IS DISTINCT FROM {_COVERING}
        """,  # noqa: S608 - a constant of this module
        [array_literal(dirty_from), array_literal(dirty_from.values())],
    )


RECOMPUTE = JobKind(name=KIND, handler=recompute, schema=RecomputePayload)
