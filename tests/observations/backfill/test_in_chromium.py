"""A backfill as a person sees it in a browser: tried, followed while it moves, then done."""

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from observations.models import Backfill, BackfillState
from observations.scripts.content import ScriptContent
from tests import factories
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.jobs.support import elsewhere
from tests.observations.backfill.support import (
    Work,
    alike,
    publish_chain,
    publish_fix,
    rate_script,
    with_pulses,
)

SPREAD: ScriptContent = rate_script('result = {"rate": pulse + pulse % 7, "level": "abnormal"}')


@pytest.mark.usefixtures("committed_db")
def test_a_dry_run_is_followed_and_then_done(work: Work) -> None:
    publish_chain()
    with_pulses(factories.submitter(), alike(10, list(range(60, 100))))
    work()
    publish_fix(SPREAD)
    world.account("Clinical support", "sam")
    with serving() as address, browsing(address) as page:
        log_in(page, "sam", world.PASSWORD)
        page.goto(reverse("admin:observations_backfill_changelist"))
        page.click("text=New backfill")
        page.select_option("#id_script", label="Rate")
        page.fill("#id_since", "2026-01-01T00:00:00")
        page.fill("#id_reason", "ticket 12")
        _start(page)
        _work_off(work)
        expect(page.locator("#live")).to_contain_text("10 patients, 100 %")
        expect(page.get_by_role("img", name="Differences of rate")).to_be_visible()
        expect(page.locator("#live")).to_contain_text("normal → abnormal")
        _expect_the_rest_to_agree(page)
        if folder := os.environ.get("PICTURES"):
            page.reload()
            page.screenshot(path=Path(folder) / "backfill.png", full_page=True)
        page.click("#backfill-again")
        expect(page.locator("#id_dry_run")).not_to_be_checked()
        expect(page.locator("#id_reason")).to_have_value("ticket 12")
        _start(page)
        _work_off(work)
        expect(page.locator("#live")).to_contain_text("Written")
        expect(page.locator("#live")).to_contain_text("10 patients, 100 %")
    done = Backfill.objects.latest("pk")
    assert (done.state, done.dry_run, done.patients_done) == (BackfillState.DONE, False, 10)


def _expect_the_rest_to_agree(page: Page) -> None:
    """What stands below the part that renews itself has ended too."""
    expect(page.get_by_role("region", name="Examples").locator("tbody tr")).to_have_count(10)
    facts = page.get_by_role("group").filter(has_text="Started by")
    expect(facts).to_contain_text(re.compile(r"Job\s+Succeeded"))
    expect(facts).to_contain_text(re.compile(r"Ended\s+\d"))


def _start(page: Page) -> None:
    page.click("button:has-text('Start')")
    expect(page.locator("#live")).to_contain_text("0 of about 10 patients")


def _work_off(work: Work) -> None:
    with elsewhere(work) as ended:
        assert ended.result(timeout=60) > 0
