"""What was refused, shown to staff: by the hour, in sums, and with what to do about it."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from observations import refused
from observations.intake import Sender, record_measurements
from observations.models import MeasurementSource, RefusalCount
from observations.reasons import REASONS
from submitters.models import ApiClient, Organisation
from submitters.services import create_api_client
from tests import factories
from tests.admin.rerun_pages import text_of
from tests.admin.roster_pages import panel
from tests.admin.test_pages import shown

LIST = "admin:observations_refusalcount_changelist"
Refuse = Callable[..., RefusalCount]


@pytest.fixture
def vitals(db: None) -> ApiClient:
    client, _ = create_api_client(
        actor=None, name="Vitals app", scopes=["measurements:write"], organisations=[factories.organisation()]
    )
    return client


@pytest.fixture
def refuse(vitals: ApiClient) -> Refuse:
    """Refusals as they are counted, some hours ago."""

    def refuse_at(
        number: int, hours_ago: int = 0, client: ApiClient | None = vitals, **fields: Any
    ) -> RefusalCount:
        time = timezone.now() - timedelta(hours=hours_ago)
        given = {
            "organisation": vitals.organisations.get(),
            "code": "2339-0",
            "field": "unit",
            "reason": "wrong_unit",
            **fields,
        }
        hour = time.replace(minute=0, second=0, microsecond=0)
        return RefusalCount.objects.create(hour=hour, api_client=client, number=number, last_at=time, **given)

    return refuse_at


def sums(client: Client) -> list[str]:
    """The rows of the sums above the list, without their last time."""
    rows = client.get(reverse(LIST)).context["sums"]["rows"]
    return [" ".join(str(cell) for cell in (*row[:4], row[5])) for row in rows]


def listed(client: Client, **query: str) -> list[int]:
    """The numbers of the list's rows."""
    return [row.number for row in client.get(reverse(LIST), query).context["cl"].result_list]


def test_what_a_client_sent_wrongly_is_on_the_page(support: Client, vitals: ApiClient) -> None:
    owner: Organisation = vitals.organisations.get()
    record_measurements(
        organisation_id=owner.pk,
        readings=[factories.reading("p", unit="kg"), factories.reading("p", unit="kg")],
        sender=Sender(MeasurementSource.API, vitals.pk),
    )
    text = unescape(shown(support, LIST))
    for part in ("Vitals app", "wrong_dimension", "2339-0", owner.name, REASONS["wrong_dimension"].remedy):
        assert part in text


def test_the_sums_are_of_a_day_and_a_week_those_with_most_today_first(
    support: Client, refuse: Refuse
) -> None:
    refuse(3)
    refuse(4, hours_ago=20)
    refuse(5, hours_ago=100)
    refuse(1_000, hours_ago=24 * 8)
    refuse(2_000, hours_ago=50, reason="in_the_future", field="measured_at")
    first, second = sums(support)
    assert "Vitals app" in first
    assert unescape(first).endswith(f"wrong_unit</a> 7 12 {REASONS['wrong_unit'].remedy}")
    assert second.endswith(f"in_the_future</a> 0 2,000 {REASONS['in_the_future'].remedy}")


def test_each_sum_leads_to_its_hours(support: Client, refuse: Refuse, vitals: ApiClient) -> None:
    refuse(3)
    refuse(4, reason="in_the_future")
    refuse(5, client=None)
    rows = support.get(reverse(LIST)).context["sums"]["rows"]
    url = f"{reverse(LIST)}?reason=wrong_unit&amp;api_client__id__exact={vitals.pk}"
    assert url in " ".join(str(cell) for row in rows for cell in row)
    assert listed(support, reason="wrong_unit", api_client__id__exact=str(vitals.pk)) == [3]


def test_an_import_by_staff_has_no_client(support: Client, refuse: Refuse) -> None:
    refuse(3, client=None)
    assert sums(support)[0].startswith("Import by staff ")


def test_a_reason_that_nobody_explained_is_shown_all_the_same(support: Client, refuse: Refuse) -> None:
    refuse(3, reason="of_another_release")
    assert "of_another_release" in sums(support)[0]
    assert listed(support, reason="of_another_release") == [3]


def test_counts_are_filtered_by_time_reason_client_organisation_and_code(
    support: Client, refuse: Refuse
) -> None:
    refuse(1)
    refuse(2, hours_ago=30, reason="unknown_code", code="8867-4")
    refuse(3, hours_ago=24 * 9)
    assert listed(support) == [1, 2, 3]
    assert listed(support, refused="day") == [1]
    assert listed(support, refused="week") == [1, 2]
    assert listed(support, reason="unknown_code") == [2]
    assert listed(support, q="8867-4") == [2]
    assert listed(support, organisation__id__exact=str(Organisation.objects.get().pk)) == [1, 2, 3]


def test_the_page_of_a_count_says_what_it_means_and_what_to_do(support: Client, refuse: Refuse) -> None:
    page = unescape(shown(support, "admin:observations_refusalcount_change", refuse(7).pk))
    assert REASONS["wrong_unit"].remedy in page
    assert REASONS["wrong_unit"].meaning in page


def test_names_of_the_api_stand_there_as_names_and_not_in_the_notation_of_the_documentation(
    support: Client, refuse: Refuse, vitals: ApiClient
) -> None:
    count = refuse(7, reason="replaces_itself", field="replaces")
    refuse(3, reason="not_finite", field="value")
    pages = [
        shown(support, LIST),
        shown(support, "admin:observations_refusalcount_change", count.pk),
        shown(support, "admin:submitters_apiclient_change", vitals.pk),
    ]
    for page in pages:
        assert 'Send a correction under a <code class="ce-id">client_id</code> of its own.' in page
    other = RefusalCount.objects.get(reason="not_finite")
    page = shown(support, "admin:observations_refusalcount_change", other.pk)
    assert '<code class="ce-id">not_a_number</code> says so' in page
    assert not any("`" in row for row in sums(support))


def test_every_name_in_a_sentence_about_a_reason_has_an_end() -> None:
    for name, reason in REASONS.items():
        assert reason.meaning.count("`") % 2 == reason.remedy.count("`") % 2 == 0, name


def test_the_page_of_an_api_client_shows_what_of_it_was_refused(
    support: Client, refuse: Refuse, vitals: ApiClient
) -> None:
    refuse(3)
    refuse(4, hours_ago=50)
    refuse(9, client=None)
    response = support.get(reverse("admin:submitters_apiclient_change", args=[vitals.pk]))
    [row] = panel(response, "Refused readings")["rows"]
    assert row[0] == "wrong_unit"
    assert (row[1], row[3], row[4]) == ("unit", "3", "7")


def test_nothing_refused_is_said(support: Client, vitals: ApiClient) -> None:
    assert "Nothing was refused in the last 7 days." in shown(support, LIST)
    assert "Nothing was refused in the last 90 days." in shown(support, LIST)
    page = shown(support, "admin:submitters_apiclient_change", vitals.pk)
    assert "None of its readings was refused in the last 7 days." in page


def test_the_pages_ask_as_often_for_many_counts_as_for_few(
    support: Client, refuse: Refuse, vitals: ApiClient
) -> None:
    pages = [reverse(LIST), reverse("admin:submitters_apiclient_change", args=[vitals.pk])]
    refuse(1)
    few = [queries_of(support, page) for page in pages]
    for number in range(40):
        client, _ = create_api_client(
            actor=None, name=f"App {number}", scopes=[], organisations=[factories.organisation()]
        )
        refuse(1, client=client, code=f"code-{number}")
        refuse(1, code=f"code-{number}")
    assert [queries_of(support, page) for page in pages] == few


def queries_of(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_the_front_page_leads_to_the_clients_whose_refusals_rise(
    support: Client, refuse: Refuse, vitals: ApiClient
) -> None:
    refuse(refused.FLOOR)
    factories.caller()
    text = text_of(support.get(reverse("admin:index")))
    assert "Readings of API clients are refused far more often than usual." in text
    clients = "admin:submitters_apiclient_changelist"
    assert f"{reverse(clients)}?refusals=rising" in text
    found = support.get(reverse(clients), {"refusals": "rising"}).context["cl"].result_list
    assert found == [vitals]


def test_what_is_left_out_between_pages_is_no_page(support: Client, vitals: ApiClient) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    owner = vitals.organisations.get()
    RefusalCount.objects.bulk_create(
        RefusalCount(
            hour=now - timedelta(hours=hours),
            api_client=vitals,
            number=1,
            last_at=now,
            organisation=owner,
            reason="wrong_unit",
        )
        for hours in range(1_200)
    )
    page = shown(support, LIST)
    assert 'href="?p=24"' in page
    assert "\N{HORIZONTAL ELLIPSIS}</div>" in page
    assert "\N{HORIZONTAL ELLIPSIS}</a>" not in page
    assert "%E2%80%A6" not in page
