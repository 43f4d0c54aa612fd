"""The main job of clinical support, as a person does it: in a browser, over HTTP."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from observations.models import Observation
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving


@pytest.mark.usefixtures("committed_db")
def test_support_finds_a_patient_follows_a_result_to_its_reading_and_runs_a_failed_job_again(
    work: Callable[[], int],
) -> None:
    begun = world.begin("patient-7")
    world.grow(begun, 3, work)
    support = world.account("Clinical support")
    assert Observation.objects.filter(patient=begun.patient, superseded_at=None).count() == 3

    with serving() as address, browsing(address) as page:
        log_in(page, support.username, world.PASSWORD)
        see_what_is_missing(page)
        find_the_patient(page)
        follow_the_provenance(page)
        run_a_failed_job_again(page)
        see_it_in_the_audit_trail(page)


def see_what_is_missing(page: Page) -> None:
    failed = page.locator(".ce-tile", has_text="Failed jobs")
    expect(failed).to_contain_text("attention")
    expect(failed.locator(".ce-tile-value")).to_have_text("4")


def find_the_patient(page: Page) -> None:
    page.get_by_label("Find a patient").fill("patient-")
    page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row", name="patient-7")
    expect(row).to_contain_text("Not linked")
    name = row.get_by_role("link", name="patient-7")
    assert colour(name) == colour(row.locator(".ce-link").first) != colour(row), "a link looks like one"
    name.click()
    expect(panel(page, "Associations").get_by_role("row")).to_have_count(4)
    expect(panel(page, "Held measurements")).to_contain_text("Measured outside the patient's periods")


def follow_the_provenance(page: Page) -> None:
    panel(page, "Current observations").get_by_role("link", name="3 measurements").click()
    sources = panel(page, "Computed from")
    expect(sources.get_by_role("row")).to_have_count(4)
    sources.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/observations/measurement/"))
    expect(page.locator("#content-main")).to_contain_text("100 mg/dL")
    expect(panel(page, "Used by").get_by_role("row")).to_have_count(4)


def run_a_failed_job_again(page: Page) -> None:
    page.get_by_role("link", name="Overview").click()
    page.locator(".ce-tile", has_text="Failed jobs").click()
    expect(page.locator("input.action-select")).to_have_count(4)
    page.locator("input.action-select").first.check()
    page.get_by_label("Select action to run").select_option(label="Run again")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_label("Reason").fill("ticket 12: payload was mended")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("1 of 1 jobs will run again.")).to_be_visible()
    expect(page.locator("input.action-select")).to_have_count(3)


def see_it_in_the_audit_trail(page: Page) -> None:
    page.get_by_role("link", name="Audit entries").click()
    entry = page.get_by_role("row", name="job.run_again")
    expect(entry).to_contain_text("clinical-support")
    expect(entry).to_contain_text("ticket 12: payload was mended")


def colour(locator: Locator) -> str:
    found: str = locator.evaluate("element => getComputedStyle(element).color")
    return found


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)
