"""A patient's plots, as a person looks at them: in a browser, without any script of ours."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from observations.readings import Component, Reading
from patients.services import activate
from submitters.models import Submitter
from tests import factories
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.observations.facts import record


@pytest.mark.usefixtures("committed_db")
def test_support_looks_at_a_patients_plots_reads_a_mark_and_chooses_another_period(
    work: Callable[[], int],
) -> None:
    record_a_month(factories.submitter(name="COPD at home"))
    work()
    support = world.account("Clinical support")
    with serving() as address, browsing(address) as page:
        log_in(page, support.username, world.PASSWORD)
        open_the_plots(page)
        read_the_marks(page)
        choose_a_week(page)
        choose_days(page)
        follow_a_mark(page)


def record_a_month(submitter: Submitter) -> None:
    now = timezone.now()
    said = factories.statement("patient-7", now - timedelta(days=20, hours=1))
    activate(submitter=submitter, statements=[said], origin=factories.BY_IMPORT)
    readings = [
        Reading(f"pulse-{day}", "patient-7", "8867-4", Decimal(60 + day), "/min", now - timedelta(days=day))
        for day in (1, 3, 10, 25)
    ]
    parts = Component("8480-6", Decimal(310), "mm[Hg]"), Component("8462-4", Decimal(80), "mm[Hg]")
    pressure = Reading("pressure", "patient-7", "85354-9", parts, None, now - timedelta(days=2))
    record(submitter, *readings, pressure)


def open_the_plots(page: Page) -> None:
    page.get_by_label("Find a patient").fill("patient-7")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("row", name="patient-7").get_by_role("link", name="patient-7").click()
    panel = page.get_by_role("region", name="Measurements", exact=True)
    expect(drawing(panel, "Heart rate")).to_be_visible()
    panel.get_by_role("link", name="Larger").click()
    expect(page.get_by_role("heading", name="Measurements: patient-7")).to_be_visible()


def read_the_marks(page: Page) -> None:
    counted, held = page.locator(".ce-plot .ce-plot-counted"), page.locator(".ce-plot .ce-plot-held")
    expect(counted).to_have_count(4)
    expect(held).to_have_count(1)
    expect(held.locator("title")).to_contain_text("held: no association covers it")
    assert fill(held) != fill(counted.last), "a held one is hollow"
    flagged = page.locator(".ce-plot .ce-plot-flagged")
    assert fill(flagged) != fill(counted.last)
    expect(flagged.locator("use").first).to_have_attribute("href", "#ce-plot-up")
    assert stands_within(flagged, drawing(page, "Blood pressure"))
    bar = page.locator(".ce-plot-association rect")
    assert begins_before(bar, counted.last)
    table = page.get_by_role("region", name="The same as a table")
    expect(table.get_by_role("row")).to_have_count(6)
    expect(table.get_by_role("row", name="Blood pressure")).to_contain_text("Implausible")


def choose_a_week(page: Page) -> None:
    page.get_by_role("link", name="Last 7 days").click()
    expect(page.get_by_role("link", name="Last 7 days")).to_have_attribute("aria-current", "true")
    expect(page.locator(".ce-plot .ce-plot-mark")).to_have_count(3)


def choose_days(page: Page) -> None:
    page.get_by_label("From", exact=True).fill("2020-01-01")
    page.get_by_label("to", exact=True).fill("2020-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No measurement in this stretch of time.")).to_be_visible()
    expect(page.get_by_label("From", exact=True)).to_have_value("2020-01-01")
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".ce-plot .ce-plot-mark")).to_have_count(5)


def follow_a_mark(page: Page) -> None:
    page.locator(".ce-plot .ce-plot-held use").click()
    expect(page.locator("#content-main")).to_contain_text("85 /min")


def drawing(within: Page | Locator, name: str) -> Locator:
    return within.get_by_role("img", name=name)


def fill(mark: Locator) -> str:
    found: str = mark.locator("use").first.evaluate("element => getComputedStyle(element).fill")
    return found


def stands_within(mark: Locator, plot: Locator) -> bool:
    inner, outer = mark.bounding_box(), plot.bounding_box()
    assert inner is not None
    assert outer is not None
    return outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]


def begins_before(bar: Locator, mark: Locator) -> bool:
    left, right = bar.bounding_box(), mark.bounding_box()
    assert left is not None
    assert right is not None
    return left["x"] < right["x"] < left["x"] + left["width"]
