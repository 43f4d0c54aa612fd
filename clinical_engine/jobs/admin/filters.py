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
    """By the kinds that this release knows."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The registered kinds."""
        del request, model_admin
        return [(kind.name, kind.name) for kind in kinds()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The jobs of the kind; one that a former release knew is found too."""
        del request
        return queryset.filter(kind=self.value()) if self.value() else queryset


class QueueFilter(ChoiceFilter):
    """By queue."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The queues of the settings."""
        del request, model_admin
        return [(queue, queue) for queue in settings.JOB_QUEUES]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The jobs of the queue."""
        del request
        return queryset.filter(queue=self.value()) if self.value() else queryset


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
        if asked and asked not in dict(found):
            found.append((asked, asked))
        return found

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The jobs whose last failure has the fingerprint. Succeeded ones have none: naming the states brings the indexes in."""
        del request
        asked = self.value()
        if not asked or not re.fullmatch(r"[\w-]{1,16}", asked):
            return queryset
        return queryset.filter(fingerprint=asked, state__in=[*FAILED, *CLAIMABLE])
