"""Bulk reruns in the admin: a dry run, a live page, and a brake for who may use it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Circuit, Job, Rerun
from clinical_engine.jobs.reruns import services
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import (
    begin,
    dead_activations,
    end,
    messages_of,
    page_of,
    text_of,
)
from tests.jobs.reruns.support import again, slice_of

NEW = "admin:jobs_rerun_new"
ANSWERS = {"reason": "ticket 12", "rate": "50", "canary": "20", "failed_share": "10"}


def test_the_dry_run_shows_numbers_kinds_causes_and_what_is_left_out(support: Client) -> None:
    jobs = dead_activations(5)
    Job.objects.filter(pk=jobs[0]).update(revised_payload={"statement_id": "x"}, revised_version=1)
    response = support.get(reverse(NEW), {"kind": "associate"})
    text = text_of(response)
    assert "Failed jobs, of kind associate. This is a dry run: nothing has been changed yet." in text
    assert "Run 4 jobs again" in text
    assert "<dt>Patients</dt><dd>4</dd>" in text
    assert "Left out: this release cannot read them" in text
    assert "0123456789abcdef" in text
    assert not Rerun.objects.exists()
    assert set(Job.objects.values_list("state", flat=True)) == {"dead"}


def test_starting_leads_to_the_page_of_the_rerun(support: Client) -> None:
    dead_activations(5)
    response = support.post(f"{reverse(NEW)}?kind=associate", ANSWERS)
    rerun = Rerun.objects.get()
    assert response.headers["Location"] == page_of(rerun)
    assert messages_of(response) == ["Started: 5 jobs."]
    assert (rerun.total, rerun.rate, rerun.canary, rerun.failed_share) == (5, 50, 20, 10)
    assert (rerun.actor.username, rerun.reason) == ("clinical-support", "ticket 12")
    assert rerun.filter == {"state": "failed", "kind": "associate"}
    assert AuditEntry.objects.get().action == "rerun.start"
    page = text_of(support.get(page_of(rerun)))
    assert "0 of 5 jobs, 0 %" in page
    assert "ticket 12" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("reason", " "), ("rate", "0"), ("rate", "x"), ("canary", "-1"), ("failed_share", "101")],
)
def test_an_answer_that_cannot_be_starts_nothing(field: str, value: str, support: Client) -> None:
    dead_activations(1)
    response = support.post(f"{reverse(NEW)}?kind=associate", ANSWERS | {field: value})
    assert response.status_code == 200
    assert 'class="ce-errors"' in text_of(response)
    assert not Rerun.objects.exists()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("kind=gone", "No job that could run again matches this filter."),
        ("state=running", "Running again changes only jobs that failed"),
        ("organisation=x", "The address holds a filter that cannot be: organisation: is a UUID."),
        ("q=patient", "The address holds a filter that cannot be: q: is no filter of jobs."),
        ("kind=%00", "The address holds a filter that cannot be: kind"),
    ],
)
def test_an_address_that_chooses_nothing_is_answered_in_a_sentence(
    query: str, sentence: str, support: Client
) -> None:
    dead_activations(1)
    for response in (
        support.get(f"{reverse(NEW)}?{query}"),
        support.post(f"{reverse(NEW)}?{query}", ANSWERS),
    ):
        assert response.status_code == 200
        assert sentence in text_of(response)
    assert not Rerun.objects.exists()


def test_the_page_tells_how_far_it_is_and_what_failed_again(support: Client) -> None:
    dead_activations(100)
    rerun = begin(rate=1000, failed_share=100)
    slice_of(rerun)
    end(rerun, failed=True)
    slice_of(rerun)
    text = text_of(support.get(page_of(rerun)))
    assert "20 of 100 jobs, 20 %" in text
    assert "<dt>Failed again</dt><dd>20</dd>" in text
    assert "<dt>Under way</dt><dd>80</dd>" in text
    assert "IntegrityError 23505" in text
    assert f"{reverse('admin:jobs_job_changelist')}?fingerprint=feedbeeffeedbeef" in text
    assert "data-moving" in text
    live = text_of(support.get(page_of(rerun, "live")))
    assert "20 of 100 jobs, 20 %" in live
    assert "<html" not in live


def test_a_rerun_that_stopped_by_itself_says_why_and_is_no_longer_renewed(support: Client) -> None:
    dead_activations(100)
    rerun = begin(rate=1000)
    slice_of(rerun)
    end(rerun, failed=True)
    slice_of(rerun)
    live = text_of(support.get(page_of(rerun, "live")))
    assert "Paused: 20 of the first 20 jobs failed again; up to 10 % may." in live
    assert "data-moving" not in live
    assert page_of(rerun, "resume") in live
    assert page_of(rerun, "pause") not in live


def test_a_rerun_that_makes_no_step_says_so(support: Client) -> None:
    dead_activations(1)
    rerun = begin()
    Rerun.objects.update(resumed_at=timezone.now() - timedelta(minutes=2))
    text = text_of(support.get(page_of(rerun)))
    assert "No step for more than a minute: are the workers running?" in text
    assert "is in the state &#x27;Available&#x27;" in text


def test_a_rerun_whose_jobs_wait_for_an_open_circuit_says_so(support: Client) -> None:
    dead_activations(1)
    rerun = begin(rate=1000)
    slice_of(rerun)
    Circuit.objects.create(kind="associate", failures=5, open_until=timezone.now(), error="", fingerprint="")
    sentence = "The circuit of the kind associate is open: its jobs wait until it closes."
    assert sentence in text_of(support.get(page_of(rerun, "live")))
    end(rerun)
    slice_of(rerun)
    assert sentence not in text_of(support.get(page_of(rerun, "live")))


def test_a_rerun_is_paused_resumed_and_cancelled_with_a_reason(support: Client) -> None:
    dead_activations(30)
    rerun = begin()
    for step, state in (("pause", "paused"), ("resume", "canary"), ("cancel", "cancelled")):
        assert "Kept in the audit trail" in text_of(support.get(page_of(rerun, step)))
        assert support.post(page_of(rerun, step), {"reason": ""}).status_code == 200
        response = support.post(page_of(rerun, step), {"reason": "ticket 13"})
        assert response.headers["Location"] == page_of(rerun)
        assert again(rerun).state == state
    trail = AuditEntry.objects.order_by("pk").values_list("action", "reason")
    assert list(trail)[1:] == [(f"rerun.{step}", "ticket 13") for step in ("pause", "resume", "cancel")]


def test_who_comes_second_is_told_that_nothing_changed(support: Client) -> None:
    dead_activations(1)
    rerun = begin()
    support.post(page_of(rerun, "pause"), {"reason": "ticket 13"})
    response = support.post(page_of(rerun, "pause"), {"reason": "ticket 14"})
    assert messages_of(response)[-1] == "Nothing was changed: the rerun is paused."
    assert AuditEntry.objects.filter(action="rerun.pause").count() == 1


def test_on_call_may_hold_a_rerun_up_and_start_none(db: None) -> None:
    dead_activations(1)
    rerun = begin()
    client = logged_in("On-call engineer")
    assert client.get(reverse(NEW), {"kind": "associate"}).status_code == 403
    assert client.post(f"{reverse(NEW)}?kind=associate", ANSWERS).status_code == 403
    assert page_of(rerun, "pause") in text_of(client.get(page_of(rerun)))
    client.post(page_of(rerun, "pause"), {"reason": "ticket 13"})
    assert again(rerun).state == "paused"


def test_who_may_not_see_reruns_sees_and_steers_none(db: None) -> None:
    dead_activations(1)
    rerun = begin()
    client = Client()
    client.force_login(User.objects.create_user("guest", is_staff=True))
    for name in ("change", "live", "pause", "resume", "cancel"):
        assert client.get(page_of(rerun, name)).status_code == 403
        assert client.post(page_of(rerun, name), {"reason": "x"}).status_code == 403
    assert client.get(reverse(NEW)).status_code == 403
    assert again(rerun).state == "canary"


@pytest.mark.parametrize("key", [str(new_id()), "17"], ids=["a key of nothing", "no key"])
def test_what_is_not_there_is_said_to_be(key: str, support: Client) -> None:
    assert support.get(reverse("admin:jobs_rerun_live", args=[key])).status_code == 404
    for name in ("change", "pause"):
        response = support.get(reverse(f"admin:jobs_rerun_{name}", args=[key]))
        assert response.headers["Location"] == reverse("admin:index")


def test_a_jobs_page_shows_the_reruns_it_was_part_of(support: Client) -> None:
    [job] = dead_activations(1)
    rerun = begin(rate=1000)
    slice_of(rerun)
    end(rerun, failed=True)
    slice_of(rerun)
    text = text_of(support.get(reverse("admin:jobs_job_change", args=[job])))
    assert page_of(rerun) in text
    assert "Failed again" in text


def test_reruns_that_wait_for_a_person_are_on_the_front_page(support: Client) -> None:
    dead_activations(1)
    rerun = begin()
    services.pause(actor=rerun.actor, rerun_id=rerun.pk, reason="ticket 13")
    front = text_of(support.get(reverse("admin:index")))
    assert "Bulk reruns wait for a person." in front
    listed = support.get(reverse("admin:jobs_rerun_changelist"), {"state": "waiting"})
    assert [row.pk for row in listed.context["cl"].result_list] == [rerun.pk]
