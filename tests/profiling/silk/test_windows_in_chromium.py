"""A window opened, read and stopped by an on-call engineer: in a browser, at a desk and on a telephone."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinical_engine.profiling.models import ProfilingWindow
from patients.services import activate
from tests import factories
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.profiling.silk.windows import do_a_round, opened

LIST = "admin:profiling_profilingwindow_changelist"


@pytest.mark.usefixtures("committed_db", "not_profiled")
def test_an_engineer_opens_a_window_reads_what_it_recorded_and_stops_it(work: Callable[[], int]) -> None:
    engineer = world.account("On-call engineer")
    earlier = opened("job associate", actor=engineer)
    do_a_round()
    for number in range(3):
        said = [factories.statement(f"p-{number}")]
        activate(submitter=factories.submitter(), statements=said, origin=factories.BY_IMPORT)
        work()
    with serving() as address, browsing(address) as page:
        log_in(page, engineer.username, world.PASSWORD)
        read_one(page, earlier)
        open_another(page)
        stop_it(page)
        on_a_telephone(page, earlier)
    window = ProfilingWindow.objects.latest("pk")
    assert (window.origin, window.share, window.stopped_by) == ("POST /api/v1/activations", 0.5, engineer)


def read_one(page: Page, window: ProfilingWindow) -> None:
    page.goto(reverse("admin:profiling_profilingwindow_change", args=[window.pk]))
    expect(page.get_by_role("link", name="JOB job/associate")).to_have_count(3)
    page.get_by_role("link", name="JOB job/associate").first.click()
    expect(page.get_by_text("patients_association").first).to_be_visible()


def open_another(page: Page) -> None:
    page.goto(reverse(LIST))
    page.get_by_role("link", name="Add").first.click()
    # The one that the script puts in the place of the plain list, which is there before.
    page.locator("span.select2-selection").click()
    page.get_by_role("searchbox").fill("v1/activations")
    page.get_by_role("option", name="POST /api/v1/activations", exact=True).click()
    page.get_by_label("Share, in %").fill("50")
    page.get_by_label("Reason").fill("CE-7: slow since noon")
    page.get_by_label("Reason").press("Enter")
    expect(page.get_by_text("Started. All processes know of it within seconds.")).to_be_visible()
    expect(page.get_by_text("Open, 10 minutes left")).to_be_visible()


def stop_it(page: Page) -> None:
    page.get_by_role("link", name="Stop").click()
    page.get_by_label("Reason").fill("Enough")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()


def on_a_telephone(page: Page, window: ProfilingWindow) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (
        reverse("admin:profiling_profilingwindow_add"),
        reverse("admin:profiling_profilingwindow_change", args=[window.pk]),
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
