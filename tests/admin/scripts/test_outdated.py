"""Results that are not what is in force: told on every page that is about them, and their backfill started by one click."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.staff import expressions
from observations.backfill import services
from observations.models import Backfill, BackfillState, Observation, ScriptVersion
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
from tests.observations.scripts.writing import publish, script_named

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
    assert tile.text == (
        "4 results stand that are not what is in force, and others may be missing: a backfill brings them in line."
    )
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
    said = (
        "not brought in line since 2026-03-09T12:00:00+00:00: 4 results counted that another version gave than is in force; "
        "others may be missing"
    )
    assert said in listed.getvalue()


def test_a_shell_counts_no_farther_than_the_page(fix: ScriptVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "COUNT_LIMIT", 3)
    listed = StringIO()
    call_command("scripts", stdout=listed)
    assert "over 3 results counted" in listed.getvalue()
    assert "over 3 results" in PROBE.read().message


def test_missing_results_are_told_of_on_every_page_as_none_that_stands_is_another(
    publisher: Client, fix: ScriptVersion, work: Work
) -> None:
    publisher.post(repair(fix))
    work()
    Observation.objects.update(superseded_at=timezone.now(), superseded_because="script_version_changed")
    version = publish("pulse", pulse("result = pulse * 3"), NOON - days(1))
    page = panel(shown(publisher, SCRIPT, fix.script_id), PANEL)
    assert "no result stands that is not what is in force. Others may be missing" in page
    page = text_of(publisher.get(repair(version)))
    assert "Others may be missing" in page
    assert "All of them are what is in force" not in page
    tile = tiles(publisher)[TILE]
    assert (tile.value, tile.ok, length_behind(publisher, tile)) == ("1", False, "1")
    [overview] = overviews(["pulse"])
    assert (overview.outdated_since, overview.outdated_results) == ((NOON - days(1)).isoformat(), 0)
    listed = StringIO()
    call_command("scripts", stdout=listed)
    assert (
        "0 results counted that another version gave than is in force; others may be missing"
        in listed.getvalue()
    )


def test_a_backfill_that_is_paused_is_called_that_on_both_pages(
    publisher: Client, fix: ScriptVersion
) -> None:
    publisher.post(repair(fix))
    Backfill.objects.update(state=BackfillState.PAUSED)
    pages = panel(shown(publisher, SCRIPT, fix.script_id), PANEL), text_of(publisher.get(repair(fix)))
    assert [("The backfill that is paused" in page, "that is at it" in page) for page in pages] == [
        (True, False)
    ] * 2
    again = publisher.post(repair(fix))
    assert messages_of(again)[-1] == "The backfill that brings these results in line is paused: this one."
    assert Backfill.objects.count() == 1


def test_one_that_began_before_a_later_publication_is_not_at_it_on_either_page(
    publisher: Client, fix: ScriptVersion
) -> None:
    publisher.post(repair(fix))
    publish("pulse", pulse("result = pulse * 3"), NOON)
    pages = shown(publisher, SCRIPT, fix.script_id), publisher.get(repair(fix)).content.decode()
    assert [("Start the backfill" in page, "that is at it" in page) for page in pages] == [(True, False)] * 2
    assert not PROBE.read().ok


@pytest.mark.parametrize("organisation", ["zz", "", "019a0000-0000-7000-8000-000000000000"])
def test_an_organisation_that_is_none_is_refused_and_not_taken_for_all(
    publisher: Client, fix: ScriptVersion, organisation: str
) -> None:
    for send in (publisher.get, publisher.post):
        answer = send(f"{repair(fix)}&organisation={organisation}")
        assert answer.headers["Location"] == reverse(SCRIPT, args=[fix.script_id])
        assert "The address names no organisation that there is. Nothing was started." in messages_of(answer)
    assert not Backfill.objects.exists()


def test_an_organisation_whose_script_it_is_not_is_refused(publisher: Client, db: None) -> None:
    own, other = factories.organisation(), factories.organisation()
    script = script_named("pulse", organisation=own)
    answer = publisher.post(f"{address('repair', script)}?since=2026-03-09T12:00:00Z&organisation={other.pk}")
    assert messages_of(answer) == ["The script is another organisation's. Nothing was started."]


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:00-14:00", "1899-12-31T00:00Z", "now"]
)
def test_a_time_that_no_form_takes_is_refused_in_words(
    publisher: Client, fix: ScriptVersion, time: str
) -> None:
    for send in (publisher.get, publisher.post):
        answer = send(f"{address('repair', fix.script)}?since={time}")
        assert "The address names no time from 1900 on. Nothing was started." in messages_of(answer)
    assert publisher.get(f"{reverse('admin:observations_backfill_new')}?since={time}").status_code == 200
    assert not Backfill.objects.exists()


def test_a_time_to_come_starts_nothing(publisher: Client, fix: ScriptVersion) -> None:
    answer = publisher.post(f"{address('repair', fix.script)}?since=2999-01-01T00:00:00Z")
    assert "Must not be more than 10 minutes in the future. Nothing was started." in messages_of(answer)
    assert not Backfill.objects.exists()
