"""Findings: opened by the machine once, looked after and closed by people."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.profiling.findings import Found, assign, close, open_or_refresh, owners
from clinical_engine.profiling.models import Finding, FindingKind
from tests.admin import world
from tests.profiling import captured

NOW = timezone.now()


def found(statement_id: int, **fields: object) -> Found:
    usual = {"kind": FindingKind.GROWS, "told": "It grows.", "release": "r1", "severity": 1.0}
    return Found(statement_id=statement_id, **{**usual, **fields})  # type: ignore[arg-type]


@pytest.fixture
def statement_id(db: None) -> int:
    return captured.statement().pk


@pytest.fixture
def engineer(db: None) -> User:
    return world.account("On-call engineer")


def test_what_is_found_is_open_and_due_in_two_weeks(statement_id: int) -> None:
    assert open_or_refresh([found(statement_id)], NOW) == 1
    opened = Finding.objects.get()
    assert (opened.told, opened.release, opened.due_on) == (
        "It grows.",
        "r1",
        (NOW + timedelta(days=14)).date(),
    )
    assert (opened.owner, opened.closed_at, opened.found_at) == (None, None, NOW)


def test_what_is_found_again_is_brought_up_to_date_and_keeps_its_beginning_owner_and_due_date(
    statement_id: int, engineer: User
) -> None:
    open_or_refresh([found(statement_id)], NOW)
    assign(
        Finding.objects.get(), actor=engineer, owner=engineer, note="ticket 7", due_on=NOW.date(), version=0
    )
    later = NOW + timedelta(days=40)
    assert (
        open_or_refresh([found(statement_id, told="It grows faster.", release="r2", severity=3)], later) == 0
    )
    standing = Finding.objects.get()
    assert (standing.told, standing.severity, standing.seen_at) == ("It grows faster.", 3, later)
    assert (standing.found_at, standing.release) == (NOW, "r1")
    assert (standing.owner, standing.note, standing.due_on) == (engineer, "ticket 7", NOW.date())


def test_kinds_are_found_each_for_itself_and_one_that_is_found_twice_at_once_counts_once(
    statement_id: int,
) -> None:
    twice = [found(statement_id), found(statement_id), found(statement_id, kind=FindingKind.SLOWER)]
    assert open_or_refresh(twice, NOW) == 2


@pytest.mark.parametrize(
    ("days_later", "severity", "opened"),
    [(29, 1.9, 0), (29, 2.0, 1), (31, 1.0, 1)],
)
def test_what_was_closed_stays_closed_for_thirty_days_unless_it_is_twice_as_bad(
    statement_id: int, engineer: User, days_later: int, severity: float, opened: int
) -> None:
    open_or_refresh([found(statement_id)], NOW)
    close(Finding.objects.get(), actor=engineer, reason="It may be")
    later = NOW + timedelta(days=days_later)
    assert open_or_refresh([found(statement_id, severity=severity)], later) == opened
    assert open_or_refresh([found(statement_id, kind=FindingKind.REPEATED)], later) == 1


def test_what_was_closed_without_a_severity_stays_closed_for_thirty_days(
    statement_id: int, engineer: User
) -> None:
    open_or_refresh([found(statement_id, severity=0)], NOW)
    close(Finding.objects.get(), actor=engineer, reason="It may be")
    assert open_or_refresh([found(statement_id, severity=99)], NOW + timedelta(days=1)) == 0


def test_what_was_opened_again_since_it_was_worse_is_brought_up_to_date_when_it_is_better(
    statement_id: int, engineer: User
) -> None:
    open_or_refresh([found(statement_id)], NOW)
    close(Finding.objects.get(), actor=engineer, reason="It may be")
    open_or_refresh([found(statement_id, severity=2)], NOW + timedelta(days=1))
    open_or_refresh([found(statement_id, severity=1.5, told="Better.")], NOW + timedelta(days=2))
    assert Finding.objects.get(closed_at=None).told == "Better."


def test_a_thousand_are_opened_by_one_statement_and_long_sentences_are_cut(db: None) -> None:
    keys = [captured.statement().pk for _ in range(50)]
    with CaptureQueriesContext(connection) as queries:
        assert open_or_refresh((found(key, told="x" * 900) for key in keys), NOW) == 50
        assert open_or_refresh([], NOW) == 0
    assert len(queries) == 1
    assert {len(each.told) for each in Finding.objects.all()} == {500}


def test_assigning_and_closing_are_audited_with_who_and_until_when_but_without_the_note(
    statement_id: int, engineer: User
) -> None:
    open_or_refresh([found(statement_id)], NOW)
    opened = Finding.objects.get()
    due = NOW.date() + timedelta(days=90)
    assign(opened, actor=engineer, owner=engineer, note="what is known", due_on=due, version=0)
    close(opened, actor=engineer, reason="An index mended it")
    first, second = AuditEntry.objects.filter(target_type="finding").order_by("pk")
    assert (first.action, first.details) == (
        "finding.assign",
        {"owner": "on-call-engineer", "due_on": due.isoformat()},
    )
    assert (second.action, second.reason, second.target_id) == (
        "finding.close",
        "An index mended it",
        str(opened.pk),
    )


@pytest.mark.parametrize(("days_ahead", "field"), [(-1, "due_on"), (91, "due_on")])
def test_a_due_date_that_is_past_or_sleeps_for_months_is_refused(
    statement_id: int, engineer: User, days_ahead: int, field: str
) -> None:
    open_or_refresh([found(statement_id)], NOW)
    with pytest.raises(RefusedError) as refused:
        assign(
            Finding.objects.get(),
            actor=engineer,
            owner=None,
            note="",
            due_on=timezone.now().date() + timedelta(days=days_ahead),
            version=0,
        )
    assert [each.field for each in refused.value.refusals] == [field]


def test_only_staff_who_can_see_statements_look_after_findings(statement_id: int, engineer: User) -> None:
    support, gone = world.account("Clinical support"), world.account("On-call engineer", "gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    root = world.account("superuser")
    assert list(owners()) == [engineer, root]
    open_or_refresh([found(statement_id)], NOW)
    with pytest.raises(RefusedError):
        assign(Finding.objects.get(), actor=engineer, owner=support, note="", due_on=NOW.date(), version=0)
    assert Finding.objects.get().owner is None


def test_a_finding_that_is_closed_stays_as_it_is(statement_id: int, engineer: User) -> None:
    open_or_refresh([found(statement_id)], NOW)
    opened = Finding.objects.get()
    close(opened, actor=engineer, reason="Mended")
    with pytest.raises(NotAllowedNowError):
        close(opened, actor=engineer, reason="Again")
    with pytest.raises(NotAllowedNowError):
        assign(opened, actor=engineer, owner=engineer, note="", due_on=NOW.date(), version=0)
    assert AuditEntry.objects.filter(target_type="finding").count() == 1
