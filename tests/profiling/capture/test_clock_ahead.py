"""A clock that was ahead and is right again: nothing of it lasts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinical_engine.profiling.capture.clocks import latest_true
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.findings import LATEST_DUE, Found, close, heal, open_or_refresh
from clinical_engine.profiling.models import Caller, CapturedStatement, Finding, FindingKind
from clinical_engine.profiling.probes import PROBES
from clinical_engine.staff.cells import moment_text
from tests.admin.conftest import logged_in
from tests.factories import user
from tests.profiling import captured
from tests.profiling.written import batch, ran

pytestmark = pytest.mark.django_db
AHEAD = timedelta(days=400)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)


def timed_out_lately() -> int:
    [probe] = [each for each in PROBES if each.name == "statements_timed_out"]
    reading = probe.read()
    assert reading.ok == (reading.value == 0)
    return int(reading.value or 0)


def healed() -> None:
    latest = latest_true()
    assert latest is not None
    heal(latest)


def roll_up_what_a_clock_wrote(ahead: timedelta = AHEAD) -> None:
    batch([ran(20.0, sqlstate="57014")], at=timezone.now() + ahead)
    roll_up()


def test_what_a_clock_that_was_ahead_wrote_counts_as_of_now() -> None:
    before = timezone.now()
    roll_up_what_a_clock_wrote()
    statement, caller, found = CapturedStatement.objects.get(), Caller.objects.get(), Finding.objects.get()
    after, today = timezone.now(), timezone.now().date()
    for moment in (
        *(statement.first_seen_at, statement.last_seen_at, statement.timed_out_at),
        *(caller.first_seen_at, caller.last_seen_at, found.found_at, found.seen_at),
    ):
        assert moment is not None
        assert before <= moment <= after
    assert found.due_on == today + timedelta(days=14)
    assert timed_out_lately() == 1


def test_what_is_stored_in_the_future_is_not_of_the_last_hour() -> None:
    captured.statement(timed_out_at=timezone.now() + AHEAD)
    captured.statement(timed_out_at=timezone.now() - AN_HOUR - A_DAY)
    assert timed_out_lately() == 0
    client = logged_in("On-call engineer")
    page = client.get(reverse("admin:profiling_capturedstatement_changelist"), {"timeouts": "lately"})
    assert page.context["cl"].result_count == 0


def test_the_next_batch_puts_right_what_is_stored_in_the_future() -> None:
    roll_up_what_a_clock_wrote(-A_DAY)
    later = timezone.now() + AHEAD
    CapturedStatement.objects.update(last_seen_at=later, timed_out_at=later)
    Caller.objects.update(first_seen_at=later, last_seen_at=later)
    Finding.objects.update(found_at=later, seen_at=later, due_on=later.date() + timedelta(days=14))
    batch([ran()])
    roll_up()
    now, found = timezone.now(), Finding.objects.get()
    statement, caller = CapturedStatement.objects.get(), Caller.objects.get()
    assert statement.timed_out_at is not None
    assert (
        max(statement.last_seen_at, statement.timed_out_at, caller.first_seen_at, caller.last_seen_at) <= now
    )
    assert max(found.found_at, found.seen_at) <= now
    assert found.due_on == now.date() + timedelta(days=14)


def test_a_batch_of_any_statement_puts_findings_and_timeouts_of_all_right() -> None:
    other = captured.statement(timed_out_at=timezone.now() + AHEAD)
    captured.finding(other, due_in=414, found_at=timezone.now() + AHEAD)
    batch([ran()])
    roll_up()
    assert Finding.objects.get().due_on == timezone.now().date() + timedelta(days=14)
    other.refresh_from_db()
    assert other.timed_out_at is not None
    assert other.timed_out_at <= timezone.now()


def test_a_due_date_that_people_chose_by_such_a_clock_is_as_late_as_they_may_say_now() -> None:
    captured.finding(captured.statement(), due_in=430, found_at=timezone.now() + AHEAD, version=1)
    chosen = captured.finding(captured.statement(), due_in=60, version=2)
    healed()
    today = timezone.now().date()
    assert set(Finding.objects.values_list("due_on", flat=True)) == {today + LATEST_DUE, chosen.due_on}


def test_what_was_closed_by_such_a_clock_is_quiet_for_thirty_days_from_now() -> None:
    made = captured.statement()
    close(captured.finding(made), actor=user(), reason="It may be")
    Finding.objects.update(closed_at=timezone.now() + AHEAD)
    healed()
    again = Found(made.pk, FindingKind.GROWS, "It grows.", "r1", severity=1)
    assert open_or_refresh([again], timezone.now() + timedelta(days=29)) == 0
    assert open_or_refresh([again], timezone.now() + timedelta(days=31)) == 1


def test_what_is_right_stays_as_it_is() -> None:
    made = captured.finding(captured.statement(timed_out_at=timezone.now() - A_DAY), due_in=90)
    before = Finding.objects.values().get(), CapturedStatement.objects.values().get()
    healed()
    assert (Finding.objects.values().get(), CapturedStatement.objects.values().get()) == before
    assert made.due_on == Finding.objects.get().due_on


def test_a_page_shows_nothing_as_seen_in_the_future() -> None:
    later = timezone.now() + AHEAD
    made = captured.statement(last_seen_at=later)
    Caller.objects.update(first_seen_at=later, last_seen_at=later)
    address = reverse("admin:profiling_capturedstatement_change", args=[made.pk])
    page = logged_in("On-call engineer").get(address).content.decode()
    assert moment_text(later) not in page
    assert page.count(moment_text(timezone.now())) >= 3
