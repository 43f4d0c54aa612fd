"""Bringing observations in line with the facts: only what changed is evaluated, nothing is overwritten."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from observations.computing import failing
from observations.computing.evaluating import Outcome, Span, outcome_of
from observations.computing.loading import load
from observations.computing.plan import Plan, current_plan
from observations.computing.storing import store
from observations.computing.times import microseconds


def bring_current(
    dirty_from: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]
) -> dict[UUID, Outcome]:
    """Make the current observations of each patient, as of its `dirty_from` and later, what the scripts in force compute.

    The patients' rows are locked by the caller. An observation whose version and sources are unchanged stands; another is
    superseded with the reason. Where a script fails there is no current observation. Returns what became of each patient's
    results. The number of statements does not depend on the number of patients.
    """
    plan = current_plan()
    if not plan.scripts:
        return {}
    spans = {patient: Span(microseconds(since)) for patient, since in dirty_from.items()}
    return bring_over(plan, dirty_from, organisation_ids, spans)


def bring_over(
    plan: Plan,
    dirty_from: Mapping[UUID, datetime],
    organisation_ids: Mapping[UUID, UUID],
    spans: Mapping[UUID, Span],
) -> dict[UUID, Outcome]:
    """The same for some scripts or times, each patient's span beginning at its `dirty_from`; what became of their results."""
    outcomes = foresee(plan, dirty_from, organisation_ids, spans)
    store(outcomes, organisation_ids)
    failing.note(outcomes, organisation_ids, spans)
    return outcomes


def foresee(
    plan: Plan,
    dirty_from: Mapping[UUID, datetime],
    organisation_ids: Mapping[UUID, UUID],
    spans: Mapping[UUID, Span],
) -> dict[UUID, Outcome]:
    """What `bring_over` would make of them; nothing is written."""
    loaded = load(plan, dirty_from, organisation_ids)
    return {
        patient: outcome_of(plan, organisation_ids[patient], loaded[patient], spans[patient])
        for patient in dirty_from
    }
