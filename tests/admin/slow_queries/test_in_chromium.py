"""Slow queries as an on-call engineer looks at them: in a browser, at a desk and on a telephone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.profiling import captured

WIDE, NARROW = 1_400, 390


@pytest.mark.usefixtures("committed_db")
def test_an_engineer_finds_what_grows_reads_its_plots_and_takes_it_over() -> None:
    engineer = world.account("On-call engineer")
    made = captured.growing(
        origin="POST /api/v1/submitters/{submitter_id}/rosters",
        timeouts_week=12,
        failures_week=40,
        calls_week=12_345_678,
        time_week_us=9e11,
        parameters_most=65_535,
        values_most=1_000_000,
        repeated_most=1_000,
    )
    captured.days(made, 60, ("2026.11.1-rc1", "2026.11.2", "2026.11.3"))
    captured.finding(made, due_in=-1)
    captured.few(12)
    with serving() as address, browsing(address) as page:
        page.set_viewport_size({"width": WIDE, "height": 900})
        log_in(page, engineer.username, world.PASSWORD)
        see_it_on_the_overview(page)
        rank_the_list(page)
        open_with_the_keyboard(page, made.fingerprint)
        read_the_plots(page)
        take_it_over(page)
        look_at_all_of_it_on_a_telephone(page)


def see_it_on_the_overview(page: Page) -> None:
    tile = page.locator(".ce-tile", has_text="Slow queries overdue")
    expect(tile).to_contain_text("attention")
    tile.click()
    expect(page.get_by_role("row", name="Grows towards its limit: overdue").first).to_be_visible()


def rank_the_list(page: Page) -> None:
    page.get_by_role("link", name=re.compile("Slow queries$")).click()
    ranks = page.get_by_role("navigation", name="Ranked by")
    ranks.get_by_role("link", name="Growth").click()
    expect(ranks.get_by_role("link", name="Growth")).to_have_attribute("aria-current", "true")
    assert_nothing_is_scrolled_sideways(page, WIDE)


def open_with_the_keyboard(page: Page, fingerprint: str) -> None:
    page.get_by_role("link", name=fingerprint).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Cost")).to_be_visible()


def read_the_plots(page: Page) -> None:
    assert_nothing_is_scrolled_sideways(page, WIDE)
    cost = page.get_by_role("img", name="Usual duration against active patients")
    expect(cost).to_have_attribute("aria-label", re.compile("reaches 20 s at 1.4 million active patients"))
    expect(cost.locator("circle")).to_have_count(60)
    for mark in (cost.locator("circle").first, cost.locator("circle").last, cost.locator(".ce-cost-limit")):
        assert lies_within(mark, cost)
    assert colour(cost.locator("circle").first) != colour(cost.locator("circle").last), "by age"
    by_day = page.get_by_role("img", name="Duration by day")
    expect(by_day.get_by_text("2026.11.3", exact=True)).to_be_visible()
    page.get_by_text("The same as a table").press("Enter")
    expect(page.get_by_role("region", name="Cost").get_by_role("row")).to_have_count(61)


def take_it_over(page: Page) -> None:
    form = page.get_by_role("form", name="Grows towards its limit")
    form.get_by_label("Owner").select_option("on-call-engineer")
    form.get_by_label("Note").fill("ticket 7")
    form.get_by_label("Due").fill(
        page.evaluate("new Date(Date.now() + 864e5 * 5).toISOString().slice(0, 10)")
    )
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(form.get_by_label("Note")).to_have_value("ticket 7")


def look_at_all_of_it_on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 800})
    for address in (page.url, "/admin/profiling/capturedstatement/", "/admin/profiling/finding/"):
        page.goto(address)
        assert_nothing_is_scrolled_sideways(page, NARROW)


def assert_nothing_is_scrolled_sideways(page: Page, width: int) -> None:
    # Our style sheet stands in the page's body: until it is there the list has another width.
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    # What is too wide scrolls within a frame of its own, without making the page any wider.
    for table in page.locator("#result_list, .ce-costs").all():
        box = table.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width, page.url


def lies_within(mark: Locator, drawing: Locator) -> bool:
    inner, outer = mark.bounding_box(), drawing.bounding_box()
    assert inner is not None
    assert outer is not None
    inside_x = outer["x"] - 1 <= inner["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
    return (
        inside_x and outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]
    )


def colour(mark: Locator) -> str:
    found: str = mark.evaluate("element => getComputedStyle(element).fill")
    return found
