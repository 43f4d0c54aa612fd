"""A submitter's page and the list of submitters: who is active, what waits, and what the rosters tell."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.models import Roster
from patients.services import activate
from submitters.models import Submitter
from tests import factories
from tests.admin.rerun_pages import text_of
from tests.admin.roster_pages import SINCE, Work, address, cells, drifting_roster, panel
from tests.admin.test_pages import listed, shown
from tests.patients.rosters.support import roster_of


@pytest.fixture
def copd(db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="North"), name="COPD")


@pytest.fixture
def drifting(copd: Submitter, work: Work) -> Roster:
    return drifting_roster(copd, work)


def test_a_submitters_page_shows_active_waiting_overdue_drift_and_the_last_rosters(
    support: Client, drifting: Roster
) -> None:
    copd = drifting.submitter
    said = [factories.statement("waits", SINCE)]
    activate(submitter=copd, statements=said, origin=factories.BY_IMPORT)
    response = support.get(reverse("admin:submitters_submitter_change", args=[copd.pk]))
    facts = {name: value for name, value, _ in panel(response, "Patients")["facts"]}
    assert facts == {"Active patients": "1", "Statements waiting": "1", "Of these overdue": "0", "Drift": "2"}
    text = text_of(response)
    assert address(drifting, "drifting") in text
    assert "as of 10 Mar 2026, 13:00 CET" in text
    assert address(drifting, "change") in cells(response, "Last rosters")[0]
    for _, _, url in panel(response, "Patients")["facts"]:
        assert support.get(url).status_code == 200


def test_a_submitter_without_a_list_says_so(support: Client, copd: Submitter) -> None:
    text = shown(support, "admin:submitters_submitter_change", copd.pk)
    assert "No list of the vitals app has been applied" in text
    assert "No list has arrived." in text


def test_submitters_are_listed_with_their_drift_and_filtered_by_it(support: Client, drifting: Roster) -> None:
    view = "admin:submitters_submitter_changelist"
    other = factories.submitter()
    assert '<span class="ce-badge ce-badge-bad">2</span>' in shown(support, view)
    assert listed(support, view, drift="drifting") == [drifting.submitter.name]
    assert listed(support, view, drift="never") == [other.name]


def test_the_page_of_a_submitter_asks_as_often_for_many_rosters_as_for_few(
    support: Client, copd: Submitter, work: Work
) -> None:
    url = reverse("admin:submitters_submitter_change", args=[copd.pk])
    few = queries_of(support, url, copd, 2, work)
    assert queries_of(support, url, copd, 20, work) == few


def queries_of(client: Client, url: str, submitter: Submitter, number: int, work: Work) -> int:
    for count in range(number):
        roster_of(submitter, {f"p-{count}": SINCE}, dry_run=True)
    work()
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


def test_a_name_that_another_one_of_the_organisation_has_is_refused_at_its_field(
    superuser: Client, copd: Submitter
) -> None:
    other = factories.submitter(copd.organisation, name="Diabetes")
    elsewhere = factories.submitter(factories.organisation(name="South"), name="Asthma")
    change = reverse("admin:submitters_submitter_change", args=[copd.pk])
    page = superuser.post(change, {"name": other.name})
    assert page.status_code == 200
    assert "Another submitter of this organisation has this name." in text_of(page)
    add = {"name": other.name, "organisation": str(copd.organisation_id)}
    assert superuser.post(reverse("admin:submitters_submitter_add"), add).status_code == 200
    assert Submitter.objects.count() == 3
    for name in (copd.name, elsewhere.name):
        assert superuser.post(change, {"name": name}).status_code == 302
    copd.refresh_from_db()
    assert copd.name == elsewhere.name
