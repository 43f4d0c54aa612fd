"""A window is open for an hour at most, and none before it begins, whatever a clock that was wrong has written."""

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.profiling.models import ProfilingWindow
from clinical_engine.profiling.silk import windows
from clinical_engine.profiling.silk.open_windows import open_windows
from tests import factories
from tests.admin.conftest import logged_in
from tests.profiling.silk.windows import do_a_round, opened

ORIGIN = "job associate"
LIST = "admin:profiling_profilingwindow_changelist"

pytestmark = pytest.mark.usefixtures("db", "not_profiled")


@pytest.fixture
def engineer(db: None) -> Client:
    return logged_in("On-call engineer")


def moved(starts: str, ends: str) -> ProfilingWindow:
    """A window with these times from now on, as a clock that was wrong may have written them."""
    window = opened(ORIGIN)
    execute(
        "UPDATE profiling_profilingwindow SET starts_at = now() + %s::interval, ends_at = now() + %s::interval",
        [starts, ends],
    )
    return window


def is_recorded() -> bool:
    do_a_round()
    return open_windows.one_for(ORIGIN) is not None


def page_of(client: Client, window: ProfilingWindow) -> str:
    page = client.get(reverse("admin:profiling_profilingwindow_change", args=[window.pk])).content.decode()
    return str(page)


def test_one_that_is_to_end_in_a_day_ends_an_hour_after_it_began(engineer: Client) -> None:
    moved("-59 min", "1 day")
    assert is_recorded()
    assert "Open, 1 minute left" in engineer.get(reverse(LIST)).content.decode()


def test_one_that_began_more_than_an_hour_ago_is_over(engineer: Client) -> None:
    window = moved("-61 min", "1 day")
    assert not is_recorded()
    assert ">Over<" in engineer.get(reverse(LIST)).content.decode()
    stop = reverse("admin:profiling_profilingwindow_stop", args=[window.pk])
    assert stop not in page_of(engineer, window)
    assert "over already" in engineer.post(stop, {"reason": "x"}, follow=True).content.decode()


def test_one_that_begins_tomorrow_is_not_open_and_can_be_stopped(engineer: Client) -> None:
    window = moved("1 day", "1 day 10 min")
    assert not is_recorded()
    page = page_of(engineer, window)
    assert "Not open: the clock was ahead when it was opened" in page
    stop = reverse("admin:profiling_profilingwindow_stop", args=[window.pk])
    assert stop in page
    engineer.post(stop, {"reason": "A clock was wrong"})
    assert ">Stopped<" in page_of(engineer, window)
    assert not windows.not_over().exists()


def test_one_that_was_stopped_while_the_clock_was_ahead_is_stopped_and_not_again(engineer: Client) -> None:
    window = moved("1 day", "1 day 10 min")
    ProfilingWindow.objects.update(stopped_by=factories.user(), stopped_because="Enough")
    assert ">Stopped<" in engineer.get(reverse(LIST)).content.decode()
    page, stop = (
        page_of(engineer, window),
        reverse("admin:profiling_profilingwindow_stop", args=[window.pk]),
    )
    assert ">Stopped<" in page
    assert "Not open" not in page
    assert stop not in page
    again = engineer.post(stop, {"reason": "Again"}, follow=True)
    assert "over already" in again.content.decode()
    window.refresh_from_db()
    assert window.stopped_because == "Enough"
    assert not AuditEntry.objects.filter(action="profiling_window.stop").exists()


def test_one_that_is_stopped_while_the_clock_is_ahead_records_no_more(engineer: Client) -> None:
    window = moved("-1 min", "9 min")
    assert is_recorded()
    ProfilingWindow.objects.filter(pk=window.pk).update(stopped_by=factories.user())
    assert not is_recorded()
    assert not windows.open_now().exists()


def test_one_that_begins_tomorrow_stands_in_no_ones_way() -> None:
    moved("1 day", "1 day 10 min")
    opened(ORIGIN)
    assert is_recorded()
