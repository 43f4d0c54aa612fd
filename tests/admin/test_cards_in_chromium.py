"""Tables of sums and of lines: cards on a telephone, as the lists are, and tables on a wide screen."""

from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page

from clinical_engine.common.lines import LineForm
from observations.models import RefusalCount
from observations.reasons import REASONS
from submitters.models import Organisation
from submitters.services import create_api_client
from tests import factories
from tests.admin import world
from tests.admin.browser import SIZE, browsing, log_in, serving
from tests.admin.import_pages import address as address_of
from tests.admin.narrow import WIDTH, boxes, cut, on_a_telephone
from tests.observations.importing.support import csv, finished, received, row

LONG_ID = f"cuff-17/{'0123456789' * 8}"
SUMS, LINES = "Refused in the last 7 days", "Lines that were not taken"


@pytest.mark.usefixtures("committed_db")
def test_sums_of_refusals_and_lines_of_an_import_are_cards_on_a_telephone() -> None:
    north = factories.organisation(name="North")
    client = refuse_everything(north)
    file = finished(received(north, csv(row("m-1", "x"), row(LONG_ID, "y")), LineForm.CSV))
    world.account("Administrator", "sam")
    lists = reverse("admin:observations_refusalcount_changelist")
    pages = {
        lists: SUMS,
        reverse("admin:submitters_apiclient_change", args=[client]): "Refused readings",
        address_of(file): LINES,
        address_of(file, "problems"): LINES,
    }
    with serving() as address, browsing(address) as page:
        log_in(page, "sam", world.PASSWORD)
        for url, title in pages.items():
            on_a_telephone(page)
            page.goto(url)
            region = page.get_by_role("region", name=title)
            look_at_the_cards(page, region)
            page.set_viewport_size(SIZE)
            look_at_the_table(region)


def refuse_everything(north: Organisation) -> object:
    """A client of whom a reading was refused for each reason that there is."""
    client, _ = create_api_client(
        actor=None, name="Vitals app", scopes=["measurements:write"], organisations=[north]
    )
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    RefusalCount.objects.bulk_create(
        RefusalCount(
            hour=hour,
            api_client=client,
            organisation=north,
            number=123_456,
            last_at=now,
            code="systolic-blood-pressure",
            field="measured_at",
            reason=reason,
        )
        for reason in REASONS
    )
    return client.pk


def look_at_the_cards(page: Page, region: Locator) -> None:
    """Every cell is there as a whole, beside what it is called; one below the other."""
    assert cut(region) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, page.url
    assert not region.locator("th").first.is_visible()
    headers = region.locator("th").all_text_contents()
    card = region.locator("tbody tr").first.locator("td")
    labels = card.evaluate_all("cells => cells.map(each => getComputedStyle(each, '::before').content)")
    assert labels == [f'"{header}"' for header in headers]
    cells = boxes(card)
    assert len(cells) == len(headers)
    assert all(above["bottom"] <= below["top"] for above, below in pairwise(cells)), "one below the other"
    assert broken(region) == [], page.url


def look_at_the_table(region: Locator) -> None:
    assert region.locator("th").first.is_visible()
    cells = boxes(region.locator("tbody tr").first.locator("td"))
    assert len({cell["top"] for cell in cells}) == 1, "beside each other"
    assert broken(region) == []


def broken(region: Locator) -> list[str]:
    """Those of our words, such as not_a_number, that do not stand in one line."""
    found: list[str] = region.locator("td").evaluate_all(
        """(cells, words) => cells.filter(each => words.includes(each.textContent.trim())).filter(each => {
            const text = document.createTreeWalker(each, NodeFilter.SHOW_TEXT)
            const range = document.createRange()
            range.selectNode(text.nextNode())
            return range.getClientRects().length > 1
        }).map(each => each.textContent)""",
        [*REASONS],
    )
    return found
