"""One step of a roster, in one transaction: compare it, apply a slice of it, or clear away what is no longer needed."""

from uuid import UUID

from django.db.models.functions import Now

from clinical_engine.common.database import execute
from patients.models import Roster, RosterState
from patients.models.rosters import OVER
from patients.rosters.applying import apply_slice
from patients.rosters.comparing import COMPARED_COUNTS, find_differences, lines_that_contradict
from patients.rosters.guard import why_held
from patients.rosters.reading import MAX_PROBLEMS

_CLEARED_AT_ONCE = 50_000


def advance(roster_id: UUID, job_id: UUID) -> bool:
    """Do the next step of a roster in the caller's transaction; whether its job has more to do.

    A roster that is gone, or that another job drives by now, is left alone.
    """
    roster = Roster.objects.select_for_update().filter(pk=roster_id, job_id=job_id).first()
    if roster is None:
        return False
    if roster.state == RosterState.COMPARING:
        _compare(roster)
        return roster.state != RosterState.HELD
    if roster.state == RosterState.APPLYING:
        _apply(roster)
        return True
    # The lines of one that is held are still needed, however often its job should run.
    return roster.state in OVER and _clear(roster)


def _compare(roster: Roster) -> None:
    find_differences(roster)
    _tell_of_contradictions(roster)
    roster.held_because = why_held(roster)
    if roster.dry_run:
        roster.state, roster.finished_at = RosterState.COMPARED, Now()
    elif roster.held_because:
        roster.state = RosterState.HELD
    else:
        roster.state = RosterState.APPLYING
    roster.compared_at = Now()
    roster.save(
        update_fields=[*COMPARED_COUNTS, "problems", "held_because", "state", "compared_at", "finished_at"]
    )


def _tell_of_contradictions(roster: Roster) -> None:
    told = [problem for problem in roster.problems if problem["code"] != "contradictory"]
    if roster.contradictory:
        told += [
            {
                "line": line,
                "field": "external_id",
                "code": "contradictory",
                "message": "Another line lists this patient with another time. The patient is left alone.",
            }
            for line in lines_that_contradict(roster, MAX_PROBLEMS)
        ]
    roster.problems = sorted(told, key=lambda problem: problem["line"])[:MAX_PROBLEMS]


def _apply(roster: Roster) -> None:
    written = ["done", "newer"]
    if apply_slice(roster) == 0 or roster.done == roster.to_do:
        # Not before: of one that is cancelled half-way nobody would be compared again, and the list before it would be gone.
        Roster.objects.filter(submitter=roster.submitter_id, is_last=True).update(is_last=False, drift=None)
        roster.state, roster.is_last = RosterState.APPLIED, True
        roster.finished_at = roster.drift_due_at = Now()
        written += ["state", "is_last", "finished_at", "drift_due_at"]
    roster.save(update_fields=written)


def _clear(roster: Roster) -> bool:
    """Delete some rows of the submitter's rosters that are over; whether more may be left.

    The last roster keeps its lines, to be compared again; this one and the last one keep their differences, to be looked at.
    """
    old = Roster.objects.filter(submitter=roster.submitter_id, is_stored=True, state__in=OVER)
    old = old.exclude(pk=roster.pk).exclude(is_last=True)
    if not roster.is_last and _delete("patients_rosterline", roster.pk):
        return True
    for pk in old.values_list("pk", flat=True):
        if _delete("patients_rosterline", pk) or _delete("patients_rosterchange", pk):
            return True
        Roster.objects.filter(pk=pk).update(is_stored=False)
    return False


def _delete(table: str, roster_id: UUID) -> int:
    return execute(
        f"""
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE roster_id = %s LIMIT %s))
        """,  # noqa: S608 - constants of this module
        [roster_id, _CLEARED_AT_ONCE],
    )
