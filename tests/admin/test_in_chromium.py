"""The main job of clinical support, as a person does it: in a browser, over HTTP."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from observations.models import Observation
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving


@pytest.mark.usefixtures("committed_db")
def test_support_finds_a_patient_follows_a_result_to_its_reading_and_repairs_a_failed_job(
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
    open_the_jobs_of_the_cause(page)
    expect(page.locator("input.action-select")).to_have_count(4)
    do_with_the_first(page, "Discard (failed jobs)", "Discard", "ticket 12: a test patient")
    expect(page.get_by_text("1 of 1 jobs discarded.")).to_be_visible()
    expect(page.locator("input.action-select")).to_have_count(3)
    show_the_cancelled_ones(page)
    do_with_the_first(page, "Run again", "Run again", "ticket 12: was a patient after all")
    expect(page.get_by_text("1 of 1 jobs will run again.")).to_be_visible()
    expect(page.locator("input.action-select")).to_have_count(0)


def open_the_jobs_of_the_cause(page: Page) -> None:
    page.get_by_role("link", name="Overview").click()
    page.locator(".ce-tile", has_text="Failed jobs").click()
    expect(page.get_by_text("4 failed jobs of 1 cause.")).to_be_visible()
    row = page.get_by_role("region", name="Failed work by cause").get_by_role(
        "row", name="InvalidPayloadError"
    )
    expect(row).to_contain_text("4 in the last 24 h")
    row.get_by_role("link", name="InvalidPayloadError").click()


def do_with_the_first(page: Page, action: str, button: str, reason: str) -> None:
    page.locator("input.action-select").first.check()
    page.get_by_label("Select action to run").select_option(label=action)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()


def show_the_cancelled_ones(page: Page) -> None:
    """By the filters' form: what is left empty there does not stand in the address."""
    page.locator("#changelist a", has_text="Filters").first.click()
    page.locator("select[name=state]").select_option(label="Cancelled", force=True)
    page.get_by_role("button", name="Apply Filters").click()
    expect(page).to_have_url(re.compile(r"state=cancelled"))
    expect(page).not_to_have_url(re.compile(r"queue="))
    expect(page.locator("input.action-select")).to_have_count(1)


def see_it_in_the_audit_trail(page: Page) -> None:
    page.get_by_role("link", name="Audit entries").click()
    for action, reason in (
        ("job.run_again", "ticket 12: was a patient after all"),
        ("job.discard", "ticket 12: a test patient"),
    ):
        entry = page.get_by_role("row", name=action)
        expect(entry).to_contain_text("clinical-support")
        expect(entry).to_contain_text(reason)


def colour(locator: Locator) -> str:
    found: str = locator.evaluate("element => getComputedStyle(element).color")
    return found


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)
