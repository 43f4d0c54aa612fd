"""The repair desk: failed work by cause, and what else needs a person."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs import groups
from clinical_engine.jobs.models import Circuit, Job, Rerun
from clinical_engine.jobs.states import RerunState
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.test_running_again import messages_of
from tests.admin.world import World

DESK = "admin:jobs_job_desk"
MOST_QUERIES = 12


def rows_of(client: Client, **query: str) -> list[dict[str, Any]]:
    page = client.get(reverse(DESK), query)
    assert page.status_code == 200
    rows: list[dict[str, Any]] = page.context["rows"]
    return rows


def matters(client: Client) -> dict[str, Any]:
    return {matter.title: matter for matter in client.get(reverse(DESK)).context["attention"]}


def open_circuit(kind: str = "recompute", *, rest: timedelta = timedelta(minutes=3)) -> None:
    now = timezone.now()
    Circuit.objects.create(
        kind=kind,
        failures=7,
        open_until=now + rest,
        opened_at=now - timedelta(minutes=5),
        error="OperationalError 57P01",
        fingerprint="f" * 16,
    )


def fail_causes(number: int) -> None:
    submitter = factories.submitter()
    for count in range(number):
        world.fail_a_job(submitter, factories.patient(submitter.organisation), f"Error {count}")


def test_each_cause_leads_to_its_jobs_and_to_their_rerun(support: Client, small_world: World) -> None:
    other = factories.submitter()
    world.fail_a_job(
        other, factories.patient(other.organisation), "DataError 22003", claimed_release="2026.3"
    )
    many, one = rows_of(support)
    assert (many["error"], many["jobs"], many["patients"], many["organisations"]) == (
        "InvalidPayloadError",
        "4",
        "1",
        "1",
    )
    assert (one["kinds"], one["releases"]) == (["associate"], "2026.3")
    assert many["trend_text"] == "4 in the last 24 h, 0 in the 24 h before"
    jobs = support.get(one["jobs_url"]).context["cl"]
    assert [row.error for row in jobs.result_list] == ["DataError 22003"]
    dry_run = support.get(one["rerun_url"])
    assert dry_run.status_code == 200
    text = support.get(reverse(DESK)).content.decode()
    assert "5 failed jobs of 2 causes. Counted now." in text
    assert 'aria-hidden="true"' in one["trend"]


def test_the_order_is_by_number_or_by_the_last_failure(support: Client, small_world: World) -> None:
    fail_causes(1)
    for order, first in (("", "InvalidPayloadError"), ("jobs", "InvalidPayloadError"), ("last", "Error 0")):
        assert rows_of(support, order=order)[0]["error"] == first
    assert len(rows_of(support, order="nonsense")) == 2


def test_when_nothing_failed_it_says_so(support: Client) -> None:
    text = support.get(reverse(DESK)).content.decode()
    assert "No failed job." in text
    assert "Needs a person" not in text


def test_many_failed_jobs_are_shown_as_counted_last_and_how_old_that_is(
    support: Client, small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "LIVE_UP_TO", 3)
    assert "look again in a minute" in support.get(reverse(DESK)).content.decode()
    groups.count_anew()
    assert "4 failed jobs of 1 cause. Counted 0 s ago." in support.get(reverse(DESK)).content.decode()


def test_failures_without_a_fingerprint_are_shown_without_links(support: Client, small_world: World) -> None:
    Job.objects.filter(pk=small_world.failed_job).update(fingerprint="", error="")
    [plain] = [row for row in rows_of(support) if not row["fingerprint"]]
    assert (plain["error"], plain["jobs_url"], plain["rerun_url"]) == ("No error was recorded", None, "")


def test_what_needs_a_person_stands_on_top(support: Client, small_world: World) -> None:
    open_circuit()
    overdue = {"next_run_at": timezone.now() - timedelta(hours=1), "queue": "default", "payload": {}}
    Job.objects.create(kind="associate", payload_version=1, **overdue)
    Job.objects.create(kind="former", payload_version=1, **overdue)
    rerun = Rerun.objects.create(
        filter={},
        actor=factories.user(username="robin"),
        reason="t",
        state=RerunState.PAUSED,
        paused_because="Too many failed again.",
        rate=50,
        canary=20,
        failed_share=10,
        total=9,
        failed=2,
        driver_id=uuid4(),
    )
    found = matters(support)
    assert list(found) == [
        "'recompute' is paused",
        "1 job late",
        "1 job waits for a release",
        "A rerun by robin is paused",
    ]
    assert (
        "does not answer for 5 minutes: OperationalError 57P01. 7 batches"
        in found["'recompute' is paused"].text
    )
    assert found["A rerun by robin is paused"].text == "Too many failed again. 2 of 9 jobs have ended."
    assert found["A rerun by robin is paused"].url == reverse("admin:jobs_rerun_change", args=[rerun.pk])
    for title, number in (("1 job late", 1), ("1 job waits for a release", 1)):
        assert support.get(found[title].url).context["cl"].result_count == number


def test_a_pause_that_is_over_waits_for_a_worker(support: Client) -> None:
    open_circuit(rest=-timedelta(seconds=1))
    assert "as soon as a worker is free" in matters(support)["'recompute' is paused"].text


def test_a_circuit_is_closed_with_a_reason_once(support: Client) -> None:
    open_circuit()
    address = matters(support)["'recompute' is paused"].url
    for fields in ({}, {"reason": " "}):
        assert "Close the circuit of &#x27;recompute&#x27;" in support.post(address, fields).content.decode()
    assert Circuit.objects.exists()
    response = support.post(address, {"reason": "database is back"})
    assert response.headers["Location"] == reverse(DESK)
    assert messages_of(response) == ["Work of kind 'recompute' starts again."]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target_id, entry.reason) == (
        "circuit.close",
        "recompute",
        "database is back",
    )
    for again in (support.post(address, {"reason": "second"}), support.get(address)):
        assert "Nothing was changed: work of this kind is not paused." in messages_of(again)
    assert AuditEntry.objects.count() == 1


def test_who_may_not_close_circuits_is_neither_offered_it_nor_obeyed(db: None) -> None:
    client = logged_in("On-call engineer")
    open_circuit()
    address = matters(client)["'recompute' is paused"].url
    assert address, "the on-call engineer may"
    plain = factories.user(username="plain", is_staff=True)
    other = Client()
    other.force_login(plain)
    assert other.get(reverse(DESK)).status_code == 403
    assert other.post(address, {"reason": "t"}).status_code == 403
    assert Circuit.objects.exists()


def test_who_may_start_no_rerun_is_offered_none(small_world: World) -> None:
    client = logged_in("On-call engineer")
    assert [row["rerun_url"] for row in rows_of(client)] == [""]
    assert "Run all again" not in client.get(reverse(DESK)).content.decode()


def test_without_an_account_it_asks_to_log_in(db: None) -> None:
    assert Client().get(reverse(DESK)).headers["Location"].startswith(reverse("admin:login"))


def test_the_menu_marks_the_page_that_is_open_and_no_other(support: Client) -> None:
    for view in (DESK, "admin:jobs_job_changelist", "admin:index"):
        page = support.get(reverse(view))
        entries = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
        assert [item["link"] for item in entries if item["active"]] == [reverse(view)]


@pytest.mark.parametrize("live_up_to", [1_000, 1])
def test_it_asks_as_often_for_thirty_causes_as_for_three(
    support: Client, live_up_to: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "LIVE_UP_TO", live_up_to)
    monkeypatch.setattr(groups, "_REST", 0)
    numbers: list[int] = []
    for causes in (3, 30):
        fail_causes(causes)
        open_circuit(f"kind-{causes}")
        groups.count_anew()
        with CaptureQueriesContext(connection) as queries:
            assert len(rows_of(support)) == causes
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= MOST_QUERIES


def test_more_causes_than_are_shown_at_first_are_a_click_away(support: Client, small_world: World) -> None:
    fail_causes(60)
    page = support.get(reverse(DESK))
    assert len(page.context["rows"]) == 50
    assert "of which the first 50 are shown" in page.context["summary"]
    everything = support.get(reverse(DESK) + page.context["more"])
    assert len(everything.context["rows"]) == everything.context["causes"].causes == 61
    assert not everything.context["more"]
