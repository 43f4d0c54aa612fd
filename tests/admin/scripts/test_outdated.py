"""Results that are not what is in force: told on every page that is about them, and their backfill started by one click."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from observations.backfill import services
from observations.models import Backfill, BackfillState, ScriptVersion
from observations.scripts.overview import overviews
from observations.scripts.probes import PROBES
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.scripts.support import SCRIPT, VERSION, WHY, address, proposed, pulse
from tests.admin.scripts.test_script_page import panel
from tests.admin.test_dashboard import length_behind, tiles
from tests.admin.test_pages import shown
from tests.factories import NOON, days
from tests.observations.backfill.support import Work, alike, with_pulses
from tests.observations.scripts.writing import publish

PANEL = "Results to bring in line"
TILE = "Scripts with results to bring in line"
LEFT = "As of 9 Mar 2026, 12:00 UTC and later, for all organisations: 4 current results of 2 patients are not what is in force"
[PROBE] = [probe for probe in PROBES if probe.name == "scripts_outdated"]


@pytest.fixture
def publisher(db: None) -> Client:
    return logged_in("Script publisher")


@pytest.fixture
def fix(publisher: Client, work: Work) -> ScriptVersion:
    """A version that is published by two people for a time that is past."""
    publish("pulse", pulse())
    with_pulses(factories.submitter(), alike(2))
    work()
    version = proposed(factories.user(), since=NOON - days(1))
    publisher.post(address("publish", version), {**WHY, "seen": version.proposed_at.isoformat()})  # type: ignore[union-attr]
    return version


def repair(version: ScriptVersion) -> str:
    return f"{address('repair', version.script)}?since=2026-03-09T12:00:00%2B00:00"


def test_every_page_about_it_says_how_many_for_as_long_as_it_is_so(
    publisher: Client, fix: ScriptVersion, work: Work
) -> None:
    for view, key in ((SCRIPT, fix.script_id), (VERSION, fix.pk)):
        assert LEFT in panel(shown(publisher, view, key), PANEL)
    page = text_of(publisher.get(repair(fix)))
    assert "Not what is in force as of their time: 4 current results of 2 patients." in page
    publisher.post(repair(fix))
    work()
    for view, key in ((SCRIPT, fix.script_id), (VERSION, fix.pk)):
        assert panel(shown(publisher, view, key), PANEL).endswith("None: what stands is what is in force.")
    assert "All of them are what is in force as of their time." in text_of(publisher.get(repair(fix)))


def test_one_click_on_either_page_starts_the_backfill_and_a_second_one_leads_to_it(
    publisher: Client, fix: ScriptVersion
) -> None:
    button = f'<form method="post" action="{repair(fix).replace(":", "%3A")}">'
    assert button in shown(publisher, SCRIPT, fix.script_id)
    assert button in publisher.get(repair(fix)).content.decode()
    response = publisher.post(repair(fix))
    backfill = Backfill.objects.get()
    assert response.headers["Location"] == reverse("admin:observations_backfill_change", args=[backfill.pk])
    assert (backfill.dry_run, backfill.since, backfill.until) == (False, NOON - days(1), None)
    assert (backfill.reason, backfill.script_id) == ("What is in force of pulse was changed", fix.script_id)
    again = publisher.post(repair(fix))
    assert messages_of(again)[1:] == ["A backfill is bringing these results in line already: this one."]
    assert Backfill.objects.get() == backfill
    page = shown(publisher, SCRIPT, fix.script_id)
    assert "The backfill that is at it" in panel(page, PANEL)
    assert "Start the backfill" not in page


def test_who_may_not_start_backfills_is_told_and_has_no_button(fix: ScriptVersion) -> None:
    author = logged_in("Script author")
    page = shown(author, SCRIPT, fix.script_id)
    assert LEFT in panel(page, PANEL)
    assert "Start the backfill" not in page
    assert author.post(repair(fix)).status_code == 403
    assert not Backfill.objects.exists()


def test_the_overview_has_a_line_that_leads_to_the_scripts(
    publisher: Client, fix: ScriptVersion, work: Work
) -> None:
    tile = tiles(publisher)[TILE]
    assert (tile.value, tile.ok) == ("1", False)
    assert tile.text == "4 results stand that are not what is in force: a backfill brings them in line."
    assert length_behind(publisher, tile) == "1"
    publisher.post(repair(fix))
    assert (PROBE.read().value, PROBE.read().ok) == (1, True), "a backfill is at it"
    Backfill.objects.update(state=BackfillState.PAUSED)
    assert not PROBE.read().ok
    services.resume(actor=factories.user(), backfill_id=Backfill.objects.get().pk, reason="on it goes")
    work()
    assert (PROBE.read().value, PROBE.read().ok, PROBE.read().message) == (0, True, "")
    assert length_behind(publisher, tile) == "0"


def test_a_shell_is_told_of_it(fix: ScriptVersion) -> None:
    [overview] = overviews(["pulse"])
    assert (overview.outdated_since, overview.outdated_results) == ((NOON - days(1)).isoformat(), 4)
    listed = StringIO()
    call_command("scripts", stdout=listed)
    said = "4 results counted since 2026-03-09T12:00:00+00:00 that another version gave than is in force"
    assert said in listed.getvalue()
