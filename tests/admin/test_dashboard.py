"""The front page: missing work in numbers, each the length of the list it leads to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.jobs import sweeper
from clinical_engine.jobs.models import Job
from observations.models import Measurement, MeasurementImport, ScriptFailure, ScriptVersion
from patients.models import Roster, RosterState, Statement
from patients.services import activate
from submitters.models import Submitter
from tests import factories
from tests.admin import world
from tests.observations.importing.support import readings, received
from tests.observations.scripts.writing import PULSE, content, publish, reads
from tests.patients.rosters.support import roster_of


def tiles(client: Client) -> dict[str, Any]:
    return {tile.title: tile for tile in client.get(reverse("admin:index")).context["tiles"]}


def length_behind(client: Client, tile: Any) -> str:
    """The length of a list, or the number of the tile's matter as the repair desk shows it."""
    context = client.get(tile.url).context
    if tile.title == "Failed jobs":
        return str(context["causes"].jobs)
    if tile.title == "Paused kinds":
        return str(sum("is paused" in matter.title for matter in context["attention"]))
    if tile.title == "Patients drifting":
        return str(sum(roster.drift for roster in context["cl"].result_list))
    return str(context["cl"].result_count)


def test_when_all_is_well_it_says_so_in_words(support: Client) -> None:
    sweeper.sweep()
    page = support.get(reverse("admin:index"))
    assert "All is well: no work is missing." in page.content.decode()
    assert all(tile.ok for tile in page.context["tiles"])


def test_a_sweep_that_never_was_needs_attention_and_comes_first(support: Client) -> None:
    page = support.get(reverse("admin:index"))
    assert "1 number needs attention." in page.content.decode()
    first = page.context["tiles"][0]
    assert (first.title, first.value, first.ok) == ("Last sweep", "unknown", False)


def test_every_number_is_the_length_of_the_list_that_it_leads_to(
    support: Client, work: Callable[[], int]
) -> None:
    submitter = factories.submitter()
    world.record(submitter.organisation, *(factories.reading(f"held-{count}") for count in range(4)))
    twice = (factories.reading("held-4", value, client_id="twice") for value in (70, 71))
    world.record(submitter.organisation, *twice)
    work()
    long_ago = timezone.now() - timedelta(days=9)
    Measurement.objects.filter(patient__external_id__in=["held-0", "held-1"]).update(due_at=long_ago)
    Measurement.objects.filter(due_at__gt=timezone.now()).update(due_at=timezone.now() - timedelta(minutes=1))
    said = [factories.statement(f"patient-{count}") for count in range(4)]
    activate(submitter=submitter, statements=said, origin=factories.BY_IMPORT)
    Statement.objects.update(due_at=F("received_at") - timedelta(seconds=1))
    Job.objects.filter(state="available").update(next_run_at=timezone.now() - timedelta(minutes=2))
    world.fail_a_job(submitter, factories.patient(submitter.organisation))
    keep_rosters(submitter)
    suspend_a_version(submitter)
    received(submitter.organisation, readings(1))
    MeasurementImport.objects.update(received_at=timezone.now() - timedelta(minutes=11))

    shown = tiles(support)
    assert {title: tile.value for title, tile in shown.items() if tile.url} == {
        "Statements overdue": "4",
        "Patients drifting": "5",
        "Rosters held": "1",
        "Measurements held past due": "3",
        "Outside every period": "2",
        "Conflicts to resolve": "1",
        "API clients with a rise of refusals": "0",
        "Imports that stand still": "1",
        "Failed jobs": "1",
        "Paused kinds": "0",
        "Waiting for a release": "0",
        "Paused reruns": "0",
        "Late jobs": "4",
        "Scripts with results to bring in line": "0",
        "Suspended scripts": "1",
        "Patients for whom a script fails": "2",
    }
    for tile in shown.values():
        if tile.url:
            assert length_behind(support, tile) == tile.value, tile.title


def suspend_a_version(submitter: Submitter) -> None:
    """One that is in force, one that is not any more, and two patients for whom the former fails."""
    written = content("result = pulse", {"pulse": reads(PULSE)})
    publish("pulse", written)
    version = publish("pulse", written)
    ScriptVersion.objects.update(suspended_at=timezone.now())
    for number in (1, 2):
        patient = factories.patient(submitter.organisation, f"fails-{number}")
        ScriptFailure.objects.create(
            version=version,
            patient=patient,
            organisation=submitter.organisation,
            message="line 1",
            as_of=factories.NOON,
        )


def keep_rosters(submitter: Submitter) -> None:
    """One that the guard holds, and two last ones by which patients drift."""
    roster_of(submitter, {"somebody": factories.NOON})
    Roster.objects.update(state=RosterState.HELD)
    for drift in (2, 3):
        other = factories.submitter()
        roster_of(other, {"somebody": factories.NOON})
        applied = Roster.objects.filter(submitter=other)
        applied.update(state=RosterState.APPLIED, is_last=True, drift=drift)
