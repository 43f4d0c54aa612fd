"""Bringing observations in line with the facts: only what changed is evaluated, nothing is overwritten."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from clinical_engine.jobs.failures import PermanentError
from observations.computing import failing
from observations.computing.evaluating import Outcome, Span, outcome_of
from observations.computing.loading import load
from observations.computing.plan import Plan, current_plan
from observations.computing.storing import store
from observations.computing.times import microseconds


def bring_current(
    dirty_from: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]
) -> dict[UUID, PermanentError]:
    """Make the current observations of each patient, as of its `dirty_from` and later, what the scripts in force compute.

    The patients' rows are locked by the caller. An observation whose version and sources are unchanged stands; another is
    superseded with the reason. Where a script fails there is no current observation; returns for each such patient an error
    that names the script version. The number of statements does not depend on the number of patients.
    """
    plan = current_plan()
    if not plan.scripts:
        return {}
    spans = {patient: Span(microseconds(since)) for patient, since in dirty_from.items()}
    outcomes = bring_over(plan, dirty_from, organisation_ids, spans)
    return {
        patient: PermanentError(str(outcome.failures[0]))
        for patient, outcome in outcomes.items()
        if outcome.failures
    }


def bring_over(
    plan: Plan,
    dirty_from: Mapping[UUID, datetime],
    organisation_ids: Mapping[UUID, UUID],
    spans: Mapping[UUID, Span],
) -> dict[UUID, Outcome]:
    """The same for some scripts or times, each patient's span beginning at its `dirty_from`; what became of their results."""
    loaded = load(plan, dirty_from, organisation_ids)
    outcomes = {
        patient: outcome_of(plan, organisation_ids[patient], loaded[patient], spans[patient])
        for patient in dirty_from
    }
    store(outcomes, organisation_ids)
    failing.note(outcomes, organisation_ids, dirty_from)
    return outcomes
