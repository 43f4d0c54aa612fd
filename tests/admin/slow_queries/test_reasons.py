"""Why a finding was closed, where on-call engineers read it: the audit trail is not theirs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.profiling import documents, selectors
from clinical_engine.profiling.findings import assign, close
from clinical_engine.profiling.models import Finding
from tests.admin import world
from tests.admin.test_pages import listed, shown
from tests.profiling import captured

LIST = "admin:profiling_finding_changelist"
REASON = "CE-9: may be as it is, it runs once a day"


@pytest.fixture
def closed(on_call: Client) -> Finding:
    made = captured.finding(captured.statement())
    address = reverse("admin:profiling_finding_close", args=[made.pk])
    assert on_call.post(address, {"reason": REASON}).status_code == 302
    return made


def test_the_statements_page_the_findings_page_and_the_list_say_why_it_was_closed(
    on_call: Client, closed: Finding
) -> None:
    assert f"<td>{REASON}</td>" in shown(
        on_call, "admin:profiling_capturedstatement_change", closed.statement_id
    )
    assert REASON in shown(on_call, "admin:profiling_finding_change", closed.pk)
    page = on_call.get(reverse(LIST), {"state": "closed"}).content.decode()
    assert REASON in page
    assert listed(on_call, LIST, state="closed", q="may be as it is") == [str(closed)]


def test_the_list_of_open_ones_has_no_column_for_it(on_call: Client, closed: Finding) -> None:
    captured.finding(captured.statement())
    assert "column-settled" not in on_call.get(reverse(LIST)).content.decode()
    assert "column-settled" in on_call.get(reverse(LIST), {"state": "all"}).content.decode()


def test_scripts_read_it_with_who_closed_it_and_how_often_it_was_put_off(on_call: Client) -> None:
    made, anna = captured.finding(captured.statement(), due_in=1), world.account("On-call engineer", "anna")
    for version, days in enumerate((5, 9)):
        due_on = timezone.now().date() + timedelta(days=days)
        assign(made, actor=anna, owner=anna, note="", due_on=due_on, version=version)
    close(made, actor=anna, reason=REASON)
    statement = selectors.by_fingerprint(made.statement.fingerprint)
    assert statement is not None
    [told] = documents.statement_json(statement, selectors.findings_of([statement]))["findings"]
    assert (told["closed_by"], told["closed_because"], told["put_off"]) == ("anna", REASON, 2)
