"""A patient's time line, statements by hand and a held roster, as a person sees and does them: in a browser."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from patients.models import Association, Patient, Roster, RosterState
from patients.services import activate
from submitters.models import Submitter
from tests import factories
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.jobs.support import elsewhere
from tests.patients.rosters.support import roster_of

Work = Callable[[], int]
WIDTHS = (1440, 900)


@pytest.fixture
def copd(committed_db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="North"), name="COPD")


def link(submitter: Submitter, work: Work, *external_ids: str) -> None:
    since = timezone.now() - timedelta(days=100)
    said = [factories.statement(external_id, since) for external_id in external_ids]
    activate(submitter=submitter, statements=said, origin=factories.BY_IMPORT)
    work()


def work_once(work: Work) -> None:
    """Do what a worker does between two looks at the page."""
    # The browser's event loop is this thread's: Django asks the database from another one.
    with elsewhere(work) as done:
        done.result(timeout=60)


def test_support_moves_a_patient_and_sees_it_in_the_time_line(copd: Submitter, work: Work) -> None:
    factories.submitter(copd.organisation, name="Diabetes")
    link(copd, work, "patient-7")
    page_of_patient = reverse("admin:patients_patient_change", args=[Patient.objects.get().pk])
    account = world.account("Clinical support")
    with serving() as address, browsing(address) as page:
        log_in(page, account.username, world.PASSWORD)
        page.goto(page_of_patient)
        expect(lane(page, "COPD")).to_have_count(1)
        move(page)
        work_once(work)
        page.goto(page_of_patient)
        see_both_lanes(page)
    assert Association.objects.get(dissociated_at=None).submitter.name == "Diabetes"


def lane(page: Page, name: str) -> Locator:
    return page.get_by_role("img", name=f"{name}: ")


def move(page: Page) -> None:
    page.get_by_role("link", name="Move").click()
    expect(page.get_by_label("From submitter")).to_contain_text("COPD")
    page.get_by_label("To submitter").select_option(label="Diabetes")
    since = f"{timezone.now() - timedelta(days=50):%Y-%m-%dT12:00:01}"
    page.get_by_label("Since").fill(since)
    page.get_by_label("Reason").fill("ticket 12")
    page.get_by_role("button", name="Show what will come of it").click()
    expect(page.get_by_text("This is a dry run")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_label("Reason")).to_have_value("ticket 12")
    expect(page.get_by_label("Since")).to_have_value(since)
    page.get_by_role("button", name="Show what will come of it").click()
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_text("Stated. The associations show it")).to_be_visible()
    expect(page.get_by_role("region", name="Audit trail")).to_contain_text("patient.move")


def see_both_lanes(page: Page) -> None:
    expect(lane(page, "COPD")).to_have_attribute(
        "aria-label", "COPD: Not active; 1 period and 2 statements drawn"
    )
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        left, right = (width_of(lane(page, name).locator(".ce-period")) for name in ("COPD", "Diabetes"))
        assert left == pytest.approx(right, rel=0.2), "fifty days each, and a little beyond now"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is scrolled sideways"
        mark = lane(page, "Diabetes").locator(".ce-mark a")
        expect(mark).to_be_visible()
    mark.click()
    expect(page.locator("#content-main")).to_contain_text("clinical-support")


def width_of(drawn: Locator) -> float:
    box = drawn.locator("rect").bounding_box()
    assert box is not None
    return box["width"]


def test_support_confirms_a_held_roster_and_watches_it_being_applied(copd: Submitter, work: Work) -> None:
    link(copd, work, "stays", "goes")
    now = timezone.now()
    roster = roster_of(copd, {"stays": now - timedelta(days=100), "comes": now - timedelta(days=9)}, now)
    work()
    page_of_roster = reverse("admin:patients_roster_change", args=[roster.pk])
    account = world.account("Clinical support")
    with serving() as address, browsing(address) as page:
        log_in(page, account.username, world.PASSWORD)
        page.goto(page_of_roster)
        expect(page.get_by_text("The guard holds it: 1 of 2 linked patients")).to_be_visible()
        page.get_by_role("link", name="Confirm").click()
        page.get_by_label("Reason").fill("ticket 12: they left")
        page.get_by_role("button", name="Confirm").click()
        # Back from where the reason was asked for: it is confirmed.
        expect(page).to_have_url(f"{address}{page_of_roster}")
        work_once(work)
        expect(page.get_by_text("2 of 2 patients linked or unlinked, 100 %")).to_be_visible()
        expect(page.get_by_role("link", name="Cancel the roster")).to_have_count(0)
        facts = page.get_by_role("group").filter(has_text="Sent by")
        expect(facts).to_contain_text(re.compile(r"Ended\s+\d"))
    assert Roster.objects.get().state == RosterState.APPLIED
