"""Filters of the list of jobs, each of them served by one of the ledger's partial indexes."""

import re
from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.db.models import Count, Max
from django.http import HttpRequest

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import kinds
from clinical_engine.jobs.selectors import late
from clinical_engine.jobs.states import CLAIMABLE, FAILED, JobState
from clinical_engine.staff.filters import Choice, ChoiceFilter, Rows

# Causes are looked for among the youngest failures: a hundred thousand of them must not slow the list down.
_FAILURES_SEEN = 5_000
_CAUSES_SHOWN = 20
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[\w.-]{1,64}")


def _in_state(state: str) -> Choice:
    return Choice(JobState(state).label, lambda rows: rows.filter(state=state))


class StateFilter(ChoiceFilter):
    """By state, with the two questions that people ask first."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "failed": Choice("Failed: waits for a person", lambda rows: rows.filter(state__in=FAILED)),
        "late": Choice("Late: due and not started", late),
        **{state: _in_state(state) for state in JobState.values},
    }


class KindFilter(ChoiceFilter):
    """By the kinds that this release knows, and by one that a former release left work of."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The registered kinds, and the one that is asked for where work of it is not done."""
        del request, model_admin
        names = [kind.name for kind in kinds()]
        asked = self.value()
        if asked and asked not in names and _NAME.fullmatch(asked) and _is_left(asked):
            names.append(asked)
        return [(name, name) for name in names]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The jobs of the kind."""
        return rows.filter(kind=value)


class QueueFilter(ChoiceFilter):
    """By queue."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The queues of the settings."""
        del request, model_admin
        return [(queue, queue) for queue in settings.JOB_QUEUES]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The jobs of the queue."""
        return rows.filter(queue=value)


class CauseFilter(ChoiceFilter):
    """By fingerprint: failures of one cause."""

    title = "cause"
    parameter_name = "fingerprint"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The commonest causes among the youngest failures, with their numbers, and the one that is asked for."""
        del request, model_admin
        newest = Job.objects.filter(state__in=FAILED).order_by("-pk").values("pk")[:_FAILURES_SEEN]
        causes = (
            Job.objects.filter(pk__in=newest)
            .values("fingerprint")
            .annotate(number=Count("pk"), example=Max("error"))
            .order_by("-number", "fingerprint")[:_CAUSES_SHOWN]
        )
        found = [(row["fingerprint"], f"{row['number']} × {row['example'][:80]}") for row in causes]  # noqa: RUF001 - a times sign
        asked = self.value()
        if asked and asked not in dict(found) and _FINGERPRINT.fullmatch(asked):
            found.append((asked, asked))
        return found

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The jobs whose last failure has the fingerprint. Succeeded ones have none: naming the states brings the indexes in."""
        return rows.filter(fingerprint=value, state__in=[*FAILED, *CLAIMABLE])


def _is_left(kind: str) -> bool:
    return Job.objects.filter(kind=kind, state__in=[*FAILED, *CLAIMABLE]).exists()
