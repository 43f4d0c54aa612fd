"""Rosters for the tests of their pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse

from patients.models import Association, Roster
from patients.rosters.comparing import compare_again
from patients.services import activate
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.patients.rosters.support import roster_of

Work = Callable[[], int]
SINCE = NOON - timedelta(days=100)


def link(submitter: Submitter, work: Work, *external_ids: str) -> None:
    said = [factories.statement(external_id, SINCE) for external_id in external_ids]
    activate(submitter=submitter, statements=said, origin=factories.BY_IMPORT)
    work()


def drifting_roster(submitter: Submitter, work: Work) -> Roster:
    """A list that was applied, of whose three patients two are not linked any more."""
    roster = roster_of(submitter, {f"p-{count}": SINCE for count in range(3)})
    work()
    Association.objects.filter(patient__external_id__in=["p-1", "p-2"]).delete()
    roster.refresh_from_db()
    compare_again(roster)
    return roster


def address(roster: Roster, name: str) -> str:
    return reverse(f"admin:patients_roster_{name}", args=[roster.pk])


def panel(response: Any, title: str) -> dict[str, Any]:
    [found] = [panel.context for panel in response.context["panels"] if panel.title.startswith(title)]
    return dict(found)


def cells(response: Any, title: str) -> list[str]:
    return [str(row[0]) for row in panel(response, title)["rows"]]
