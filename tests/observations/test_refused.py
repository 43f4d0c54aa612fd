"""A rise of refusals is noticed by client, and a usual number is not; counts are kept for 90 days."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import fetch_all
from observations import refused, tasks
from observations.models import RefusalCount
from observations.probes import PROBES
from submitters.models import ApiClient
from submitters.services import create_api_client
from tests import factories
from tests.jobs.support import elsewhere

DAY = 24
FLOOR = refused.FLOOR
_number = count()


@pytest.fixture
def client(db: None) -> ApiClient:
    return make_client()


def make_client() -> ApiClient:
    made, _ = create_api_client(
        actor=None, name=f"App {next(_number)}", scopes=[], organisations=[factories.organisation()]
    )
    return made


def this_hour() -> datetime:
    [(hour,)] = fetch_all("SELECT date_trunc('hour', now(), 'UTC')")
    assert isinstance(hour, datetime)
    return hour.astimezone(UTC)


def refuse(client: ApiClient | None, numbers: Mapping[int, int], reason: str = "wrong_unit") -> None:
    """Refusals, by how many hours ago they were counted."""
    owner = factories.organisation()
    now = this_hour()
    RefusalCount.objects.bulk_create(
        RefusalCount(
            hour=now - timedelta(hours=hours),
            organisation=owner,
            api_client=client,
            field="unit",
            reason=reason,
            number=number,
            last_at=now,
        )
        for hours, number in numbers.items()
    )


def is_rising(client: ApiClient) -> bool:
    return client.pk in refused.rising()


def every_hour(number: int, since: int = 1, until: int = 192) -> dict[int, int]:
    return dict.fromkeys(range(since, until + 1), number)


@pytest.mark.parametrize("hours_ago", [0, 1])
def test_many_from_nothing_are_a_rise_at_once(client: ApiClient, hours_ago: int) -> None:
    refuse(client, {hours_ago: FLOOR})
    assert is_rising(client)


def test_a_few_are_no_rise(client: ApiClient) -> None:
    refuse(client, {0: FLOOR - 1, 100: 1})
    assert not is_rising(client)


def test_a_rise_is_of_all_its_reasons_together(client: ApiClient) -> None:
    refuse(client, {0: FLOOR // 2})
    refuse(client, {0: FLOOR - FLOOR // 2}, reason="in_the_future")
    assert is_rising(client)


def test_a_steady_number_is_no_rise_and_ten_times_as_many_are(client: ApiClient) -> None:
    refuse(client, every_hour(10))
    assert not is_rising(client)
    refuse(client, {0: 100}, reason="in_the_future")
    assert is_rising(client)


def test_an_hours_rise_is_more_than_three_times_the_hours_around_it(client: ApiClient) -> None:
    # 10 in each of three hours, on each of 7 days: 30 is usual, 90 is three times that.
    refuse(client, every_hour(10))
    refuse(client, {0: 90})
    assert not is_rising(client)
    RefusalCount.objects.filter(number=90).update(number=91)
    assert is_rising(client)


@pytest.mark.parametrize("hours_ago", [0, 1])
@pytest.mark.parametrize("shifted", [-1, 0, 1])
def test_what_is_refused_every_night_at_about_the_same_hour_is_no_rise(
    client: ApiClient, hours_ago: int, shifted: int
) -> None:
    refuse(client, {day * DAY + hours_ago + shifted: 500 for day in range(1, 8)})
    refuse(client, {hours_ago: 500}, reason="in_the_future")
    assert not is_rising(client)


def test_a_nightly_upload_at_another_hour_is_one(client: ApiClient) -> None:
    refuse(client, {day * DAY + 12: 500 for day in range(1, 8)})
    refuse(client, {0: 500}, reason="in_the_future")
    assert is_rising(client)


def test_forty_patients_who_send_once_a_day_are_a_rise(client: ApiClient) -> None:
    refuse(client, dict.fromkeys(range(20), 2))
    assert is_rising(client)


def test_a_rise_of_the_day_ends_when_nothing_was_refused_for_hours(client: ApiClient) -> None:
    refuse(client, {7: FLOOR})
    assert not is_rising(client)
    refuse(client, {6: 1})
    assert is_rising(client)


def test_a_rise_goes_on_for_two_days_and_is_usual_after_three(client: ApiClient) -> None:
    refuse(client, dict.fromkeys(range(2 * DAY), 50))
    assert is_rising(client)
    refuse(client, dict.fromkeys(range(2 * DAY, 4 * DAY), 50))
    assert not is_rising(client)


def test_one_clients_many_do_not_hide_anothers(client: ApiClient) -> None:
    other = make_client()
    refuse(client, every_hour(10_000, since=0))
    refuse(other, {0: FLOOR})
    assert refused.rising() == [other.pk]


def test_what_staff_import_is_no_rise(db: None) -> None:
    refuse(None, {0: 10_000})
    assert refused.rising() == []


def test_what_is_long_past_counts_for_nothing(client: ApiClient) -> None:
    refuse(client, dict.fromkeys(range(193, 400), 10_000))
    refuse(client, {0: FLOOR})
    assert is_rising(client)


def test_the_probe_counts_the_clients_in_one_query(client: ApiClient) -> None:
    [probe] = [probe for probe in PROBES if probe.name == "measurements_refused_rising"]
    reading = probe.read()
    assert (reading.value, reading.ok, reading.message) == (0, True, "")
    for _ in range(3):
        refuse(make_client(), {0: FLOOR})
    with CaptureQueriesContext(connection) as queries:
        reading = probe.read()
    assert (reading.value, reading.ok, len(queries)) == (3, False, 1)
    assert reading.message == "Readings of API clients are refused far more often than usual."


@pytest.mark.usefixtures("committed_db")
def test_counts_older_than_90_days_are_forgotten() -> None:
    refuse(make_client(), {0: 1, 89 * DAY: 2, 91 * DAY: 3, 400 * DAY: 4})
    tasks.forget_refusals.run()
    assert sorted(RefusalCount.objects.values_list("number", flat=True)) == [1, 2]


def test_old_counts_are_forgotten_some_at_a_time(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "_FORGOTTEN_AT_ONCE", 2)
    refuse(client, {0: 1, **{91 * DAY + hour: 1 for hour in range(3)}})
    now = this_hour()
    assert [refused.forget_old(now) for _ in range(3)] == [2, 1, 0]


@pytest.mark.usefixtures("committed_db")
def test_two_who_forget_at_once_are_harmless() -> None:
    refuse(make_client(), {91 * DAY: 1})
    now = this_hour()
    with elsewhere(lambda: refused.forget_old(now)) as other:
        numbers = {refused.forget_old(now), other.result()}
    assert numbers == {0, 1}
    assert not RefusalCount.objects.exists()
