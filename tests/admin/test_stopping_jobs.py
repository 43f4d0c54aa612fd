"""'Cancel' and 'Discard': with a reason, by who may, only what they are for, and told honestly. And what is not run again."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs import ledger
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.states import JobState
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.test_running_again import LIST, messages_of
from tests.admin.world import World


def choose(client: Client, action: str, *jobs: object, **fields: str) -> Any:
    data = {"action": action, "_selected_action": [str(job) for job in jobs], "index": "0", **fields}
    return client.post(reverse(LIST), data)


def state_of(job: UUID) -> str:
    return Job.objects.get(pk=job).state


@pytest.fixture
def waiting(small_world: World) -> UUID:
    job = ledger.NewJob({"statement_id": str(small_world.patient.pk)}, small_world.organisation.pk)
    ledger.enqueue("associate", [job])
    return job.id


def test_nothing_happens_before_a_reason_is_given(support: Client, small_world: World, waiting: UUID) -> None:
    for action, job, words in (
        ("cancel", waiting, "ended without being done"),
        ("discard", small_world.failed_job, "can be run again"),
    ):
        response = choose(support, action, job, reason=" ")
        assert response.status_code == 200
        assert words in response.content.decode()
    assert state_of(waiting) == JobState.AVAILABLE
    assert state_of(small_world.failed_job) == JobState.INVALID_PAYLOAD


def test_each_says_how_many_changed_and_why_the_others_did_not(
    support: Client, small_world: World, waiting: UUID
) -> None:
    both = (small_world.failed_job, waiting)
    assert messages_of(choose(support, "cancel", *both, reason="ticket 12")) == [
        "1 of 2 jobs cancelled. 1 left alone: running, ended, or cancelled by someone else."
    ]
    # The message before it was not shown on any page yet.
    assert messages_of(choose(support, "discard", *both, reason="ticket 12"))[-1] == (
        "1 of 2 jobs discarded. 1 left alone: not failed, or set going or discarded by someone else."
    )
    assert [state_of(job) for job in both] == [JobState.CANCELLED] * 2
    entries = AuditEntry.objects.filter(reason="ticket 12").order_by("pk").values_list("action", "target_id")
    assert list(entries) == [("job.cancel", str(waiting)), ("job.discard", str(small_world.failed_job))]


@pytest.mark.parametrize("action", ["run_again", "discard"])
def test_the_second_of_two_people_is_told_that_nothing_changed(
    support: Client, small_world: World, action: str
) -> None:
    Job.objects.filter(pk=small_world.failed_job).update(state=JobState.AVAILABLE, finished_at=None)
    [told] = messages_of(choose(support, action, small_world.failed_job, reason="t"))
    assert told.startswith("0 of 1 jobs ")
    assert told.endswith("Nothing was changed.")
    assert not AuditEntry.objects.filter(reason="t").exists()


def test_the_same_job_ticked_twice_counts_once(support: Client, small_world: World) -> None:
    job = small_world.failed_job
    assert messages_of(choose(support, "discard", job, job, reason="t")) == ["1 of 1 jobs discarded."]


def test_a_jobs_page_offers_what_would_change_it(support: Client, small_world: World, waiting: UUID) -> None:
    offered = {
        small_world.failed_job: {"run_this_again", "discard_this"},
        waiting: {"cancel_this"},
        Job.objects.filter(state="succeeded")[0].pk: set(),
        world.fail_a_job(small_world.submitter, small_world.patient, kind="former"): {"discard_this"},
    }
    for job, buttons in offered.items():
        text = support.get(reverse("admin:jobs_job_change", args=[job])).content.decode()
        shown = {
            name
            for name in ("run_this_again", "cancel_this", "discard_this")
            if f'href="{reverse(f"admin:jobs_job_{name}", args=[job])}"' in text
        }
        assert shown == buttons
    page = reverse("admin:jobs_job_change", args=[waiting])
    response = support.post(reverse("admin:jobs_job_cancel_this", args=[waiting]), {"reason": "sent twice"})
    assert response.headers["Location"] == page
    assert state_of(waiting) == JobState.CANCELLED
    assert reverse("admin:jobs_job_run_this_again", args=[waiting]) in support.get(page).content.decode()


def test_who_lacks_the_permissions_is_neither_offered_them_nor_obeyed(
    small_world: World, waiting: UUID
) -> None:
    client = logged_in("On-call engineer")
    page = client.get(reverse(LIST)).content.decode()
    for action, job in (("cancel", waiting), ("discard", small_world.failed_job)):
        assert f'value="{action}"' not in page
        choose(client, action, job, reason="t")
        address = reverse(f"admin:jobs_job_{action}_this", args=[job])
        assert client.get(address).status_code == 403
        assert client.post(address, {"reason": "t"}).status_code == 403
    assert state_of(waiting) == JobState.AVAILABLE
    assert state_of(small_world.failed_job) == JobState.INVALID_PAYLOAD


@pytest.mark.parametrize("path", ["cancel", "discard"])
@pytest.mark.parametrize("key", ["nope", "00000000-0000-0000-0000-000000000000"])
def test_what_is_not_there_is_not_stopped(superuser: Client, path: str, key: str) -> None:
    url = f"{reverse(LIST)}{key}/{path}/"
    for response in (superuser.get(url), superuser.post(url, {"reason": "t"})):
        assert (response.status_code, response.headers.get("Location")) == (302, reverse("admin:index"))


def test_a_kind_that_no_longer_exists_is_not_run_again_and_it_is_said_why(
    support: Client, small_world: World
) -> None:
    former = world.fail_a_job(small_world.submitter, small_world.patient, kind="former")
    assert messages_of(choose(support, "run_again", former, small_world.failed_job, reason="t")) == [
        "1 of 2 jobs will run again. 1 left alone: of a kind or a format that this release does not know."
    ]
    assert state_of(former) == JobState.INVALID_PAYLOAD
    assert messages_of(choose(support, "discard", former, reason="t"))[-1] == "1 of 1 jobs discarded."
