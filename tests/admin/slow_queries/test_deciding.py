"""What on-call engineers do with findings in the admin, and what the overview says of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.profiling.models import Finding
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.test_pages import listed, shown
from tests.profiling import captured

LIST = "admin:profiling_finding_changelist"
STATEMENT = "admin:profiling_capturedstatement_change"


def sent(client: Client, deed: str, finding: Finding, **fields: object) -> Any:
    return client.post(reverse(f"admin:profiling_finding_{deed}", args=[finding.pk]), fields)


def in_days(number: int) -> str:
    return (timezone.now().date() + timedelta(days=number)).isoformat()


def me() -> User:
    return User.objects.get(username="on-call-engineer")


def test_the_statements_page_has_a_form_for_each_open_finding_and_rows_of_closed_ones(
    on_call: Client,
) -> None:
    made = captured.statement()
    open_one = captured.finding(made, note="ticket 7")
    captured.finding(
        made, kind="slower", closed_at=timezone.now(), closed_by=me(), note="an index was missing"
    )
    page = shown(on_call, STATEMENT, made.pk)
    assert reverse("admin:profiling_finding_assign", args=[open_one.pk]) in page
    assert "ticket 7</textarea>" in page
    assert page.count('class="ce-assign"') == 1
    assert "<td>an index was missing</td>" in page


def test_an_engineer_takes_a_finding_over_and_is_led_back_to_the_statement(on_call: Client) -> None:
    made = captured.finding(captured.statement())
    answer = sent(on_call, "assign", made, owner=me().pk, due_on=in_days(5), note="ticket 7")
    assert answer.headers["Location"] == reverse(STATEMENT, args=[made.statement_id])
    made.refresh_from_db()
    assert (made.owner, made.note, made.due_on.isoformat()) == (me(), "ticket 7", in_days(5))
    assert AuditEntry.objects.get(target_type="finding").actor == me()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"due_on": in_days(-1)}, "The due date is past."),
        ({"due_on": in_days(200)}, "more than 90 days away"),
        ({"due_on": "soon"}, "Enter a valid date"),
        ({"due_on": in_days(1), "owner": "0"}, "Select a valid choice"),
        ({"due_on": in_days(1), "note": "x" * 2_001}, "at most 2000 characters"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_changes(
    on_call: Client, fields: dict[str, str], told: str
) -> None:
    made = captured.finding(captured.statement())
    answer = sent(on_call, "assign", made, **fields)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    made.refresh_from_db()
    assert (made.owner, made.note) == (None, "")


def test_a_finding_is_closed_with_a_reason(on_call: Client) -> None:
    made = captured.finding(captured.statement())
    assert "not opened again for 30 days" in shown(on_call, "admin:profiling_finding_close", made.pk)
    answer = sent(on_call, "close", made, reason="An index mended it")
    assert answer.headers["Location"] == reverse(STATEMENT, args=[made.statement_id])
    made.refresh_from_db()
    assert (made.closed_by, made.closed_at is None) == (me(), False)


def test_who_comes_second_is_told_that_it_is_closed(on_call: Client) -> None:
    made = captured.finding(captured.statement(), closed_at=timezone.now(), closed_by=me())
    for deed, fields in {"close": {"reason": "Mended"}, "assign": {"due_on": in_days(1)}}.items():
        answer = on_call.post(reverse(f"admin:profiling_finding_{deed}", args=[made.pk]), fields, follow=True)
        assert "Nothing was changed: the finding is closed." in answer.content.decode(), deed


def test_the_list_shows_what_is_open_by_its_due_date_and_the_rest_on_request(on_call: Client) -> None:
    later, sooner = (captured.finding(captured.statement(), due_in=days) for days in (5, -2))
    mine = captured.finding(captured.statement(), due_in=9, owner=me())
    closed = captured.finding(captured.statement(), closed_at=timezone.now(), closed_by=me())
    assert listed(on_call, LIST) == [str(each) for each in (sooner, later, mine)]
    assert listed(on_call, LIST, state="overdue") == [str(sooner)]
    assert listed(on_call, LIST, state="closed") == [str(closed)]
    assert listed(on_call, LIST, state="all")[-1] == str(closed)
    assert listed(on_call, LIST, owner="mine") == [str(mine)]
    assert listed(on_call, LIST, owner="nobody") == [str(sooner), str(later)]
    assert listed(on_call, LIST, q=sooner.statement.fingerprint) == [str(sooner)]
    assert "Grows towards its limit: overdue" in shown(on_call, LIST)


def test_a_findings_page_has_buttons_while_it_is_open(on_call: Client) -> None:
    made = captured.finding(captured.statement())
    address = reverse("admin:profiling_finding_close", args=[made.pk])
    assert address in shown(on_call, "admin:profiling_finding_change", made.pk)
    Finding.objects.update(closed_at=timezone.now(), closed_by=me())
    page = shown(on_call, "admin:profiling_finding_change", made.pk)
    assert address not in page
    assert "by on-call-engineer" in page


def test_who_may_only_look_changes_nothing(db: None) -> None:
    made = captured.finding(captured.statement())
    for role in ("Clinical support", "Script author"):
        client = logged_in(role)
        assert sent(client, "assign", made, due_on=in_days(1)).status_code == 403
        assert sent(client, "close", made, reason="x").status_code == 403


@pytest.mark.parametrize(("due_in", "overdue"), [(0, 0), (-1, 1)])
def test_the_overview_needs_attention_when_nobody_decided_in_time(
    on_call: Client, due_in: int, overdue: int
) -> None:
    captured.finding(captured.statement(), due_in=due_in)
    tiles = {tile.title: tile for tile in on_call.get(reverse("admin:index")).context["tiles"]}
    late, standing = tiles["Slow queries overdue"], tiles["Slow queries to decide on"]
    assert (late.ok, late.value) == (not overdue, str(overdue))
    assert (standing.ok, standing.value) == (True, "1")
    for tile in (late, standing):
        assert str(on_call.get(tile.url).context["cl"].result_count) == tile.value


def test_an_owner_whose_account_was_closed_is_still_named(on_call: Client) -> None:
    gone = factories.user(username="gone", is_active=False)
    made = captured.finding(captured.statement(), owner=gone)
    assert "gone" in shown(on_call, "admin:profiling_finding_change", made.pk)


def ticked(client: Client, findings: list[Finding], **fields: object) -> Any:
    keys = [finding.pk for finding in findings]
    asked = {"action": "close_ticked", ACTION_CHECKBOX_NAME: keys, "index": "0", **fields}
    return client.post(reverse(LIST), asked, follow=True)


def test_several_that_one_cause_made_are_closed_together_with_one_reason(on_call: Client) -> None:
    made = captured.statement()
    findings = [captured.finding(made, kind=kind) for kind in ("slower", "over_limit", "repeated")]
    untouched = captured.finding(made, kind="grows")
    page = ticked(on_call, findings).content.decode()
    assert "Close 3 findings" in page
    assert not Finding.objects.exclude(closed_at=None).exists()
    page = ticked(on_call, findings, reason="A lock held them all").content.decode()
    assert "3 of 3 findings closed." in page
    assert Finding.objects.get(closed_at=None) == untouched
    assert set(Finding.objects.exclude(closed_at=None).values_list("closed_by", flat=True)) == {me().pk}
    entries = AuditEntry.objects.filter(action="finding.close", reason="A lock held them all")
    assert {entry.target_id for entry in entries} == {str(each.pk) for each in findings}


def test_of_ticked_ones_those_that_somebody_closed_meanwhile_stay_as_they_are(on_call: Client) -> None:
    made = captured.statement()
    closed = captured.finding(made, kind="slower", closed_at=timezone.now(), closed_by=None)
    page = ticked(on_call, [captured.finding(made), closed], reason="Mended").content.decode()
    assert "1 of 2 findings closed. The others were closed before." in page
    closed.refresh_from_db()
    assert closed.closed_by is None
