"""docs/operations/script-hotfix.md, walked whole in a browser: from 'it is wrong' to repaired results, by two people."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from observations.models import Backfill, Publication, ScriptVersion
from observations.scripts.publishing import roll_back
from tests import factories
from tests.admin import world
from tests.admin.browser import PATIENCE_MS, browsing, log_in, serving
from tests.admin.scripts.support import address, pulse
from tests.factories import NOON, days
from tests.observations.facts import current, record, state
from tests.observations.scripts.writing import PULSE, SINCE_EVER, publish
from tests.patients.concurrency import Threads

pytestmark = pytest.mark.usefixtures("committed_db")
Work = Callable[[], int]
WRONG_SINCE = NOON - days(5)
PULSES = {"north-1": 60, "north-2": 80}


@pytest.fixture
def wrong(work: Work) -> ScriptVersion:
    """A version that doubles the pulse, in force for five days, with ten days of results of two patients."""
    publish("pulse", pulse("result = pulse"), SINCE_EVER)
    version = publish("pulse", pulse("result = pulse * 2"), WRONG_SINCE)
    submitter = factories.submitter()
    for name, value in PULSES.items():
        state(submitter, -40, name, external_id=name)
        readings = (
            factories.reading(name, value, NOON - days(day), code=PULSE, unit="/min") for day in range(10)
        )
        record(submitter, *readings)
    work()
    assert sorted(values()) == [60.0] * 4 + [80.0] * 4 + [120.0] * 6 + [160.0] * 6
    return version


def values() -> list[float]:
    return [row.value["result"] for row in current() if row.value]


def elsewhere(work: Work) -> None:
    """Work off what is due, on another thread: this one has the browser's loop."""
    with Threads(1) as threads:
        threads.start(work).result()


@contextmanager
def at_the_desk(*people: User) -> Iterator[list[Page]]:
    """A browser window for each of the people, logged in."""
    with serving() as url, browsing(url) as page:
        pages = [page]
        assert page.context.browser is not None
        for _ in people[1:]:
            context = page.context.browser.new_context(base_url=url, viewport=page.viewport_size)
            pages.append(context.new_page())
        for each, person in zip(pages, people, strict=True):
            log_in(each, person.username, world.PASSWORD)
        yield pages


def test_an_older_version_is_put_back_in_a_minute_and_the_results_are_repaired(
    wrong: ScriptVersion, work: Work
) -> None:
    with at_the_desk(world.account("Script publisher")) as [page]:
        page.goto(address("change", wrong.script))
        picture(page, "script")
        page.get_by_role("link", name="Roll back").click()
        expect(page.get_by_label("Back to").locator("option:checked")).to_have_text("v1")
        expect(page.get_by_label("In force from")).to_have_value("2026-03-05T12:00")
        page.get_by_label("Reason").fill("ticket 12: twice the pulse")
        picture(page, "roll-back")
        page.get_by_role("button", name="Roll back").click()
        expect(
            page.get_by_text("Rolled back: v1, for all organisations, from 5 Mar 2026, 12:00 UTC.")
        ).to_be_visible()
        bring_in_line(page, work)
    assert sorted(values()) == [60.0] * 10 + [80.0] * 10


def test_whoever_forgot_the_backfill_is_led_from_the_overview_to_the_button_that_starts_it(
    wrong: ScriptVersion, work: Work
) -> None:
    put_back(world.account("Administrator"), wrong)
    with at_the_desk(world.account("Script publisher")) as [page]:
        page.get_by_role("link", name="Scripts with results to bring in line").click()
        page.locator("#result_list").get_by_role("link", name="Pulse", exact=True).click()
        left = page.get_by_label("Results to bring in line")
        expect(left.get_by_text("12 current results of 2 patients are not what is in force")).to_be_visible()
        picture(page, "outdated")
        left.get_by_role("button", name="Start the backfill").click()
        expect(page.get_by_text("Started.")).to_be_visible()
        elsewhere(work)
        expect(page.locator(".ce-live-head")).to_contain_text("Done")
        page.goto(address("change", wrong.script))
        expect(left.get_by_text("None: what stands is what is in force.")).to_be_visible()
    assert sorted(values()) == [60.0] * 10 + [80.0] * 10


def put_back(actor: User, wrong: ScriptVersion) -> None:
    """Put the version before back in force, and leave it at that."""
    first = ScriptVersion.objects.get(script=wrong.script, number=1)
    roll_back(actor=actor, to=first, effective_from=WRONG_SINCE, reason="ticket 12")


def test_a_mistake_is_shown_by_a_test_case_mended_compared_published_by_a_second_person_and_repaired(
    wrong: ScriptVersion, work: Work
) -> None:
    ann, ben = world.account("Administrator", "ann"), world.account("Administrator", "ben")
    with at_the_desk(ann, ben) as [author, second]:
        draft_from_what_is_in_force(author, wrong)
        add_a_case_that_shows_the_mistake(author)
        assert_it_fails(author)
        mend(author)
        compare(author, work)
        propose(author)
        review_and_publish(second)
        bring_in_line(second, work)
    assert sorted(values()) == [60.0] * 10 + [80.0] * 10
    last = Publication.objects.latest("pk")
    assert (last.proposed_by, last.published_by, last.effective_from) == (ann, ben, WRONG_SINCE)
    kinds = list(
        Backfill.objects.order_by("pk").values_list("dry_run", "results_changed", "patients_changed")
    )
    assert kinds == [(True, 12, 2), (True, 12, 2), (False, 12, 2)]


def draft_from_what_is_in_force(page: Page, wrong: ScriptVersion) -> None:
    page.goto(address("change", wrong.script))
    page.get_by_role("link", name="New draft").click()
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_text("v3 is drafted.")).to_be_visible()
    expect(page.locator("#id_source")).to_have_value("result = pulse * 2")


def add_a_case_that_shows_the_mistake(page: Page) -> None:
    page.get_by_role("button", name="Add: test case").click()
    page.get_by_label("pulse, given in case 2").fill("60")
    page.get_by_label("result, expected in case 2").fill("60")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    picture(page, "draft")


def assert_it_fails(page: Page) -> None:
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_role("link", name="Propose").click()
    expect(page.get_by_text("1 of 2 test cases fail.")).to_be_visible()
    expect(page.get_by_text("gives result 120, not 60.")).to_be_visible()
    expect(page.get_by_role("button", name="Propose")).to_have_count(0)
    picture(page, "red")


def mend(page: Page) -> None:
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    # Until then it is a plain field, which the editor replaces.
    expect(page.get_by_text("No problem in the text.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("textbox", name="Script", exact=True).press("Control+a")
    page.keyboard.insert_text("result = pulse")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Back", exact=True).click()


def compare(page: Page, work: Work) -> None:
    page.get_by_role("link", name="Compare").click()
    page.get_by_label("Days").fill("1000")
    page.get_by_role("button", name="Compare").click()
    elsewhere(work)
    expect(page.locator(".ce-live-head")).to_contain_text("Done")
    expect(page.get_by_text("12 changed, by -80 to -60, -70 on average")).to_be_visible()
    page.get_by_role("link", name="Pulse", exact=True).click()
    page.get_by_role("link", name="v3", exact=True).click()


def propose(page: Page) -> None:
    page.get_by_role("link", name="Propose").click()
    expect(page.get_by_text("All 2 test cases pass.")).to_be_visible()
    page.get_by_label("In force from").fill("2026-03-05T12:00:00")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Proposed. Somebody else publishes it now.")).to_be_visible()
    expect(
        page.get_by_text("Somebody else must publish it: you wrote or proposed this version.")
    ).to_be_visible()
    expect(page.get_by_role("link", name="Publish", exact=True)).to_have_count(0)
    picture(page, "proposed")


def review_and_publish(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Versions to be published").click()
    page.locator("#result_list").get_by_role("link", name="3", exact=True).click()
    page.get_by_role("link", name="Publish", exact=True).click()
    expect(page.get_by_text("All 2 test cases pass.")).to_be_visible()
    expect(page.locator(".ce-diff-gone code")).to_have_text("result = pulse * 2")
    expect(page.locator(".ce-diff-new code")).to_have_text("result = pulse")
    page.get_by_label("Reason").fill("ticket 12: looked at")
    picture(page, "publish")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published.")).to_be_visible()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.wait_for_load_state("networkidle")
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def bring_in_line(page: Page, work: Work) -> None:
    """From the page that follows a publication to results that are repaired."""
    expect(page.get_by_text("12 current results of 2 patients stand as of then and later.")).to_be_visible()
    picture(page, "repair")
    page.get_by_role("link", name="New backfill").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Started.")).to_be_visible()
    elsewhere(work)
    expect(page.get_by_role("link", name="Do it now")).to_be_visible()
    picture(page, "dry-run")
    page.get_by_role("link", name="Do it now").click()
    page.get_by_label("Reason").fill("ticket 12: repair")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Started.")).to_be_visible()
    elsewhere(work)
    expect(page.locator(".ce-live-head")).to_contain_text("Done")
    picture(page, "backfill")
