"""Two people who look after one finding at the same time: neither wipes out what the other has said."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.profiling.findings import ChangedMeanwhileError, assign, close, former_of
from clinical_engine.profiling.models import Finding
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.test_pages import shown
from tests.patients.concurrency import Threads, uncommitted
from tests.profiling import captured

STATEMENT, FINDING = (f"admin:profiling_{name}_change" for name in ("capturedstatement", "finding"))
IN_A_WEEK = timezone.now().date() + timedelta(days=7)


def version_on(page: str) -> str:
    [version] = re.findall('<input type="hidden" name="version" value="([0-9]+)"', page)
    return str(version)


def save(client: Client, finding: Finding, **fields: object) -> Any:
    asked = {"due_on": IN_A_WEEK.isoformat(), "owner": "", "note": "", **fields}
    return client.post(reverse("admin:profiling_finding_assign", args=[finding.pk]), asked)


@pytest.fixture
def anna(db: None) -> User:
    return world.account("On-call engineer", "anna")


def test_who_saves_from_a_page_that_is_out_of_date_is_told_what_stands_and_keeps_what_was_typed(
    on_call: Client, anna: User
) -> None:
    made = captured.finding(captured.statement())
    stale = version_on(shown(on_call, STATEMENT, made.statement_id))
    assign(made, actor=anna, owner=anna, note="an index is missing", due_on=IN_A_WEEK, version=0)
    answer = save(on_call, made, note="ticket 9 is about this", version=stale)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Somebody changed it meanwhile, and nothing was saved." in page
    assert "As it stands now, saved by anna" in page
    assert "<dt>Note</dt><dd>an index is missing</dd>" in page
    assert "ticket 9 is about this</textarea>" in page
    made.refresh_from_db()
    assert (made.owner, made.note) == (anna, "an index is missing")
    assert AuditEntry.objects.filter(target_type="finding").count() == 1
    # Whoever has seen what stands now may replace it; it is not lost.
    assert save(on_call, made, note="ticket 9 is about this", version=version_on(page)).status_code == 302
    made.refresh_from_db()
    assert (made.owner, made.note) == (None, "ticket 9 is about this")
    assert [each.note for each in former_of(made)] == ["an index is missing", ""]
    for view, key in ((STATEMENT, made.statement_id), (FINDING, made.pk)):
        page = shown(on_call, view, key)
        assert "<td>an index is missing</td>" in page, view
        assert "<td>anna</td>" in page, view


@pytest.mark.parametrize("version", ["", "1", "x", "-1", "9" * 400, "\0", "٣"])
def test_what_names_no_version_or_another_replaces_nothing_that_somebody_saved(
    on_call: Client, anna: User, version: str
) -> None:
    made = captured.finding(captured.statement(), version=2, note="stands")
    assert (
        "Somebody changed it meanwhile" in save(on_call, made, note="new", version=version).content.decode()
    )
    assert Finding.objects.get().note == "stands"


def test_of_two_who_save_the_same_version_at_once_the_second_waits_and_is_told(committed_db: None) -> None:
    made = captured.finding(captured.statement())
    anna, ben = (world.account("On-call engineer", name) for name in ("anna", "ben"))

    def say(who: User) -> None:
        assign(made, actor=who, owner=who, note=who.username, due_on=IN_A_WEEK, version=0)

    def both() -> None:
        with Threads(2) as threads, uncommitted(threads, lambda: say(anna)):
            threads.start(say, ben)

    with pytest.raises(ChangedMeanwhileError) as told:
        both()
    assert told.value.standing.note == "anna"
    assert Finding.objects.get().note == "anna"


def test_what_the_machine_brings_up_to_date_does_not_stand_in_anybodys_way(on_call: Client) -> None:
    made = captured.finding(captured.statement())
    Finding.objects.update(told="It grows faster.", seen_at=timezone.now())
    assert save(on_call, made, note="mine", version=0).status_code == 302


def test_a_finding_says_how_often_its_due_date_was_put_off(on_call: Client, anna: User) -> None:
    made = captured.finding(captured.statement(), due_in=1)
    for version, days in enumerate((3, 2, 9, 9, 20)):
        due_on = timezone.now().date() + timedelta(days=days)
        assign(made, actor=anna, owner=anna, note="", due_on=due_on, version=version)
    made.refresh_from_db()
    assert made.put_off == 3
    for view, key in ((STATEMENT, made.statement_id), (FINDING, made.pk)):
        assert "put off 3 times" in shown(on_call, view, key)
    assert "put off 3 times" in shown(on_call, "admin:profiling_finding_changelist")


def test_the_former_notes_of_a_closed_finding_can_still_be_read(on_call: Client, anna: User) -> None:
    made = captured.finding(captured.statement(), note="what was known first")
    assign(made, actor=anna, owner=None, note="later", due_on=IN_A_WEEK, version=0)
    close(made, actor=anna, reason="Mended")
    assert reverse(FINDING, args=[made.pk]) in shown(on_call, STATEMENT, made.statement_id)
    assert "<td>what was known first</td>" in shown(on_call, FINDING, made.pk)


def test_what_is_kept_of_former_notes_has_an_end(anna: User) -> None:
    made = captured.finding(captured.statement())
    for version in range(103):
        assign(made, actor=anna, owner=None, note=f"note {version}", due_on=IN_A_WEEK, version=version)
    made.refresh_from_db()
    assert len(former_of(made)) == 100
    assert former_of(made)[0].note == "note 101"


def test_the_audit_trail_has_no_note_of_them(on_call: Client) -> None:
    made = captured.finding(captured.statement(), note="first words")
    save(on_call, made, note="second words", version=0)
    assert "words" not in str(list(AuditEntry.objects.values()))


def test_who_looks_without_changing_reads_former_notes_too(anna: User) -> None:
    made = captured.finding(captured.statement())
    assign(made, actor=anna, owner=anna, note="an index is missing", due_on=IN_A_WEEK, version=0)
    assign(made, actor=anna, owner=None, note="", due_on=IN_A_WEEK, version=1)
    assert "<td>an index is missing</td>" in shown(logged_in("Administrator"), FINDING, made.pk)
