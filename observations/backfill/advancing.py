"""One step of a backfill, in one transaction: the next patients, what became of their results, and how far it has come."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.db.models.functions import Now

from clinical_engine.audit import services as audit
from clinical_engine.common.database import array_literal, fetch_all
from observations.backfill import pace
from observations.backfill.comparing import Change, add_changes, changes_of, examples_of, gone
from observations.backfill.planning import task_of
from observations.computing.bringing import bring_over, foresee
from observations.computing.evaluating import Outcome
from observations.models import Backfill, BackfillExample, BackfillState
from patients.locks import lock_patients

MAX_EXAMPLES = 50
COUNTED = (
    "patients_done",
    "results",
    "results_changed",
    "results_written",
    "results_ended",
    "patients_changed",
    "patients_failed",
    "changes",
)


@dataclass(frozen=True, slots=True)
class Step:
    """What comes after a slice: the size of the next one, and how long it waits."""

    size: int
    wait: timedelta


def advance(backfill_id: UUID, job_id: UUID, size: int = pace.FIRST) -> Step | None:
    """Do the next step of a backfill, of about `size` patients, in the caller's transaction; None when its job has no more to do.

    A backfill that is gone, that does not run, or that another job drives by now is left alone. Repeating a step is harmless.
    Raises OperationalError (55P03) when another job holds one of the patients for longer than half a second.
    """
    began = monotonic()
    # The candidate's row not: its author may go on writing, which is seen below.
    running = Backfill.objects.select_for_update(of=("self",)).select_related("script", "candidate__script")
    backfill = running.filter(pk=backfill_id, job_id=job_id, state=BackfillState.RUNNING).first()
    if backfill is None:
        return None
    if _is_overtaken(backfill):
        _give_up(backfill)
        return None
    size = pace.size_within(size, backfill.rate)
    patients = _next_patients(backfill, size)
    if patients:
        with _no_collecting():
            _count(backfill, _outcomes(backfill, patients))
    if len(patients) < size:
        _end(backfill, BackfillState.DONE)
        return None
    seconds = monotonic() - began
    return Step(pace.next_size(size, seconds), pace.wait_after(size, seconds, backfill.rate))


def _is_overtaken(backfill: Backfill) -> bool:
    """Whether the draft is another one by now: half of the patients would be compared with what the other half is not."""
    candidate = backfill.candidate
    return (
        candidate is not None and candidate.published_at is None and candidate.edited_at > backfill.started_at
    )


def _give_up(backfill: Backfill) -> None:
    _end(backfill, BackfillState.CANCELLED)
    target = audit.Target("backfill", backfill.pk, backfill.organisation_id)
    audit.record(
        actor=None, action="backfill.cancel", targets=[target], reason="Its draft was edited meanwhile."
    )


def _end(backfill: Backfill, state: BackfillState) -> None:
    backfill.state, backfill.finished_at = state, Now()
    backfill.save(update_fields=["state", "finished_at"])


_FIRST = UUID(int=0)
# By the index that holds both: an organisation's patients may be few among millions.
_OF_ALL = "SELECT id, organisation_id FROM patients_patient WHERE id > %(last)s ORDER BY id LIMIT %(size)s"
_OF_ONE = """
    SELECT id, organisation_id FROM patients_patient
    WHERE id > %(last)s AND organisation_id = %(organisation)s ORDER BY id LIMIT %(size)s
"""


def _next_patients(backfill: Backfill, size: int) -> dict[UUID, UUID]:
    """The organisation of each of the patients whose turn it is, in key order."""
    parameters = {
        "last": backfill.last_patient or _FIRST,
        "organisation": backfill.organisation_id,
        "size": size,
    }
    return dict(fetch_all(_OF_ONE if backfill.organisation_id else _OF_ALL, parameters))


def _outcomes(backfill: Backfill, organisation_ids: Mapping[UUID, UUID]) -> dict[UUID, Outcome]:
    """What becomes of the patients' results; in a dry run only what would."""
    # Those who only look need the lock as well: between two of their statements a result may take another's place.
    lock_patients(array_literal(organisation_ids))
    plan, span = task_of(backfill)
    since = dict.fromkeys(organisation_ids, backfill.since)
    act = foresee if backfill.dry_run else bring_over
    return act(plan, since, organisation_ids, dict.fromkeys(organisation_ids, span))


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Within, nobody looks for garbage: the rows of a slice make no cycles, and each such look walks through all of them."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


def _count(backfill: Backfill, outcomes: Mapping[UUID, Outcome]) -> None:
    script_id = str(backfill.script_id)
    changes = {patient: changes_of(script_id, outcome) for patient, outcome in outcomes.items()}
    each = [change for found in changes.values() for change in found]
    backfill.last_patient = max(outcomes)
    backfill.patients_done += len(outcomes)
    backfill.results_changed += len(each)
    backfill.patients_changed += sum(map(bool, changes.values()))
    for outcome in outcomes.values():
        replaced = sum(result.instead_of is not None for result in outcome.results)
        backfill.results += outcome.looked_at.get(script_id, 0) + gone(script_id, outcome)
        backfill.results_written += len(outcome.results)
        backfill.results_ended += len(outcome.ended) - replaced
        backfill.patients_failed += bool(outcome.failures)
    backfill.changes = add_changes(backfill.changes, each)
    backfill.save(update_fields=["last_patient", *COUNTED])
    _keep_examples(backfill, changes)


def _keep_examples(backfill: Backfill, changes: Mapping[UUID, list[Change]]) -> None:
    room = MAX_EXAMPLES - BackfillExample.objects.filter(backfill=backfill).count()
    if room > 0:
        BackfillExample.objects.bulk_create(list(examples_of(backfill.pk, changes))[:room])
