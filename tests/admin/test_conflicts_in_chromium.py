"""Conflicts and events that share a mark, as a person of support meets them: in a browser, by what stands on the page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from observations.readings import Reading
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.browser import SIZE, browsing, log_in, serving

NOTES = [f"Slept badly, {number}" for number in range(7)]


@pytest.mark.usefixtures("committed_db")
def test_support_reads_what_stands_in_the_way_of_a_second_and_follows_a_mark_of_several_notes(
    work: Callable[[], int],
) -> None:
    owner = factories.organisation(name="North")
    send(owner)
    work()
    support = world.account("Clinical support")
    with serving() as address, browsing(address) as page:
        log_in(page, support.username, world.PASSWORD)
        keep_the_first_of_what_was_replaced(page)
        take_the_second_that_would_be_held(page)
        follow_the_mark_of_the_notes(page)


def send(owner: Organisation) -> None:
    for value, name in (("100", "replaced"), ("140", "replaced"), ("100", "free"), ("9000", "free")):
        world.record(owner, factories.reading("patient-7", value, client_id=name))
    world.record(owner, factories.reading("patient-7", "101", client_id="correction", replaces="replaced"))
    begin = timezone.now() - timedelta(days=5)
    for number, note in enumerate(NOTES):
        time = begin + timedelta(seconds=number)
        world.record(owner, Reading(f"note-{number}", "patient-7", "patient-note", note, None, time))


def open_conflict(page: Page, name: str) -> None:
    page.get_by_role("link", name="Conflicts to resolve").click()
    row = page.get_by_role("row").filter(has_text=name)
    row.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Both contents")).to_be_visible()


def keep_the_first_of_what_was_replaced(page: Page) -> None:
    open_conflict(page, "replaced")
    both = page.get_by_role("region", name="Both contents")
    expect(both).to_contain_text("The first was replaced by correction (an import, ")
    expect(both).to_contain_text("The second cannot be taken. Another measurement replaces the first already")
    expect(page.get_by_role("link", name="Take the second")).to_have_count(0)
    page.get_by_role("link", name="The first stands").click()
    expect(page.get_by_text("The first was replaced by correction")).to_be_visible()
    page.get_by_label("Reason").fill("ticket 12: the correction is right")
    page.get_by_role("button", name="The first stands").click()
    expect(page.get_by_text("ticket 12: the correction is right").first).to_be_visible()
    expect(page.get_by_text("The second cannot be taken")).to_have_count(0)
    page.goto("/admin/")


def take_the_second_that_would_be_held(page: Page) -> None:
    open_conflict(page, "free")
    both = page.get_by_role("region", name="Both contents")
    expect(both).to_contain_text("The second is implausible")
    expect(both).to_contain_text("would be held, since no association of patient-7 covers its time")
    everything_stands_on_a_narrow_screen(page)
    page.get_by_role("link", name="Take the second").click()
    expect(page.get_by_text("The second is implausible")).to_be_visible()
    page.get_by_label("Reason").fill("ticket 12: typed wrongly the first time")
    page.get_by_role("button", name="Take the second").click()
    expect(page.get_by_text("The second is stored, and replaces the first")).to_be_visible()
    page.goto("/admin/")


def everything_stands_on_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    both = page.get_by_role("region", name="Both contents")
    for each in (
        both.get_by_text("9000 mg/dL"),
        both.get_by_text("differs"),
        both.get_by_role("link", name="Take the second"),
        both.get_by_role("link", name="The first stands"),
    ):
        expect(each).to_be_visible()
        box = each.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.set_viewport_size(SIZE)
    expect(both.get_by_role("link", name="Take the second")).to_have_count(0)


def follow_the_mark_of_the_notes(page: Page) -> None:
    page.get_by_label("Find a patient").fill("patient-7")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("row", name="patient-7").get_by_role("link", name="patient-7").click()
    mark = page.locator(".ce-plot-mark", has=page.locator(".ce-plot-count", has_text="7"))
    expect(mark.locator("title")).to_contain_text("Note by the patient: 7 readings: Slept badly, 0")
    expect(mark.locator("title")).to_contain_text("and 2 more")
    mark.locator(".ce-plot-count").click()
    for note in NOTES:
        expect(page.get_by_role("cell", name=note)).to_be_visible()
