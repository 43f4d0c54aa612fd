"""All pages of slow queries and findings on a telephone: nothing makes one of them scroll sideways."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinical_engine.profiling.findings import close
from clinical_engine.profiling.models import CapturedStatement, FindingKind
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.admin.slow_queries.test_powers import with_history
from tests.profiling import captured
from tests.profiling.silk.stored import fill
from tests.profiling.silk.windows import opened

WIDTH = 390
LONG_ORIGIN = (
    "POST /admin/observations/measurementimport/<path:object_id>/problems/of-one-of-its-lines/change/"
)
LONG_PLACE = "observations/admin/imports/a_module_with_quite_a_long_name_for_it.py:1234"
LONG_NAME = f"An_identifier_of_PostgreSQL_has_{'x' * 31}"
# What reaches beyond the page, unless it stands in a frame that scrolls by itself.
TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth
    const scrolls = each => ["auto", "scroll"].includes(getComputedStyle(each).overflowX)
        && each.getBoundingClientRect().right <= width + 1
    const framed = each => each && each !== document.body && (scrolls(each) || framed(each.parentElement))
    const shown = each => each.checkVisibility() && each.getBoundingClientRect().width > 1
    return [...document.querySelectorAll("body *")]
        .filter(each => shown(each) && each.getBoundingClientRect().right > width + 1 && !framed(each.parentElement))
        .map(each => each.outerHTML.slice(0, 120))
}"""


def statement_with_everything(engineer: User) -> CapturedStatement:
    """One with long names, large figures, open and settled findings, and requests that silk recorded."""
    made = captured.growing_above_a_fixed_cost()
    CapturedStatement.objects.filter(pk=made.pk).update(
        fingerprint=f"{0:016x}",
        shape=f'SELECT "{LONG_NAME}"."{LONG_NAME}" FROM "{LONG_NAME}" WHERE "{LONG_NAME}"."id" = ?',
        origin=LONG_ORIGIN,
        place=LONG_PLACE,
        calls_week=12_345_678_901,
        parameters_most=65_535,
        values_most=1_000_000,
        timeouts_week=12,
        lock_timeouts_week=3,
        failures_week=40,
    )
    captured.caller(made, origin=LONG_ORIGIN, place=LONG_PLACE, calls=12_345_678_901, repeated_most=20_000)
    captured.days(made, 40, ("2026.11.1-rc1+build.20261128", "2026.11.2", "2026.11.3"))
    captured.finding(made, told=f"It was sent 20,000 times within one {LONG_ORIGIN}, from {LONG_PLACE}.")
    settled = captured.finding(made, kind=FindingKind.SLOWER, note=LONG_NAME * 2)
    close(settled, actor=engineer, reason="The index is back.")
    fill(requests=5, statements=1)
    return made


def addresses(made: CapturedStatement, engineer: User) -> Iterator[str]:
    statements, findings, windows = (
        f"admin:profiling_{name}" for name in ("capturedstatement", "finding", "profilingwindow")
    )
    finding = made.findings.get(closed_at=None).pk
    window = opened("PUT /api/v1/submitters/<uuid:submitter_id>/roster", actor=engineer).pk
    yield reverse(f"{statements}_changelist")
    yield f"{reverse(f'{statements}_changelist')}?q={LONG_NAME * 2}"
    yield reverse(f"{findings}_changelist")
    yield f"{reverse(f'{findings}_changelist')}?state=all"
    yield reverse(f"{findings}_change", args=[finding])
    yield reverse("admin:profiling_finding_assign", args=[finding])
    yield reverse("admin:profiling_finding_close", args=[finding])
    yield reverse(f"{windows}_changelist")
    yield reverse(f"{windows}_add")
    yield reverse(f"{windows}_change", args=[window])
    yield reverse("admin:profiling_profilingwindow_stop", args=[window])
    # Last: the test goes on from here.
    yield reverse(f"{statements}_change", args=[made.pk])


@pytest.mark.usefixtures("committed_db")
def test_no_page_of_slow_queries_and_findings_scrolls_sideways_on_a_telephone() -> None:
    engineer = world.account("On-call engineer")
    visited = list(addresses(statement_with_everything(engineer), engineer))
    with serving() as address, browsing(address) as page:
        log_in(page, engineer.username, world.PASSWORD)
        page.set_viewport_size({"width": WIDTH, "height": 844})
        wide = {each: look_at(page, each) for each in visited}
        page.get_by_text("The same as a table").click()
        wide["the cost as a table"] = too_wide(page)
        page.get_by_role("button", name="Explain").click()
        expect(page.get_by_role("heading", name="No plan of")).to_be_visible()
        wide["no plan"] = too_wide(page)
    assert {each: found for each, found in wide.items() if found} == {}


def look_at(page: Page, address: str) -> list[str]:
    page.goto(address)
    return too_wide(page)


def too_wide(page: Page) -> list[str]:
    page.wait_for_load_state("load")
    found: list[str] = page.evaluate(TOO_WIDE)
    width = page.evaluate("document.documentElement.scrollWidth")
    return found[:3] if width <= WIDTH else [f"The page is {width} wide.", *found[:5]]


@pytest.mark.usefixtures("committed_db")
def test_all_powers_are_read_on_a_telephone_without_scrolling_sideways() -> None:
    engineer = world.account("On-call engineer")
    with_history(made := captured.growing())
    with serving() as address, browsing(address) as page:
        log_in(page, engineer.username, world.PASSWORD)
        page.set_viewport_size({"width": WIDTH, "height": 844})
        page.goto(reverse("admin:profiling_capturedstatement_change", args=[made.pk]))
        assert too_wide(page) == []
        cells = page.locator(".ce-powers tbody :is(th, td)")
        expect(cells.first).to_be_visible()
        boxes = [each.bounding_box() for each in cells.all()]
        # Five measures, each with three drivers and what is said of it.
        assert len(boxes) == 5 * 5
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= WIDTH for box in boxes)
        named = page.locator(".ce-powers td").first.evaluate(
            "each => getComputedStyle(each, '::before').content"
        )
        assert "active patients" in named
