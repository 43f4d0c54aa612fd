"""What a backfill computes: the script, whatever reads its results, and perhaps a candidate in place of what is in force."""

from typing import NamedTuple

from clinical_engine.common.errors import RefusedError
from clinical_engine.jobs.failures import PermanentError
from observations.catalogue import catalogue
from observations.computing.evaluating import Span
from observations.computing.plan import Plan, plan_of, with_readers
from observations.computing.times import microseconds
from observations.models import Backfill
from observations.scripts.publications import as_if_published, time_lines


class Task(NamedTuple):
    """The plan of the scripts that are computed, and over which times."""

    plan: Plan
    span: Span


def task_of(backfill: Backfill) -> Task:
    """What a backfill computes, by what is published now.

    The script's own results end with its period, those of its readers do not: one that is later may look back into it.
    Raises PermanentError when its candidate can no longer be run.
    """
    lines, script = time_lines(), backfill.script
    if backfill.candidate is not None:
        try:
            lines = as_if_published(lines, backfill.candidate, backfill.since)
        except RefusedError as error:
            raise PermanentError("The candidate cannot be run any more.") from error
    plan = plan_of(lines, catalogue(), with_readers(lines, script.name))
    until = None if backfill.until is None else microseconds(backfill.until)
    return Task(plan, Span(microseconds(backfill.since), until, set(plan.by_id), {str(script.pk)}))
