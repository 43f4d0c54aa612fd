"""'Run again': with a reason, by who may, and told honestly."""

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.states import JobState
from tests.admin.conftest import logged_in
from tests.admin.world import World

LIST = "admin:jobs_job_changelist"


def choose(client: Client, *jobs: object, **fields: str) -> Any:
    """Tick jobs in the list and run the action."""
    data = {"action": "run_again", "_selected_action": [str(job) for job in jobs], "index": "0", **fields}
    return client.post(reverse(LIST), data)


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_nothing_happens_before_a_reason_is_given(support: Client, small_world: World) -> None:
    for fields in ({}, {"reason": ""}, {"reason": "   "}):
        response = choose(support, small_world.failed_job, **fields)
        assert response.status_code == 200
        assert "Run this job again" in response.content.decode()
    assert Job.objects.get(pk=small_world.failed_job).state == JobState.INVALID_PAYLOAD


def test_jobs_run_again_with_the_reason_in_the_audit_trail_and_the_others_are_left_alone(
    support: Client, small_world: World
) -> None:
    succeeded = Job.objects.filter(state=JobState.SUCCEEDED)[0]
    response = choose(support, small_world.failed_job, succeeded.pk, reason="ticket 12")
    assert messages_of(response) == [
        "1 of 2 jobs will run again. 1 left alone: succeeded, running, or set going by someone else."
    ]
    assert Job.objects.get(pk=small_world.failed_job).state == JobState.AVAILABLE
    assert Job.objects.get(pk=succeeded.pk).state == JobState.SUCCEEDED
    entry = AuditEntry.objects.get(action="job.run_again")
    assert (entry.target_id, entry.reason) == (str(small_world.failed_job), "ticket 12")
    assert str(entry.actor) == "clinical-support"


def test_a_jobs_own_page_offers_it_only_where_it_changes_something(
    support: Client, small_world: World
) -> None:
    address = reverse("admin:jobs_job_run_this_again", args=[small_world.failed_job])
    page = reverse("admin:jobs_job_change", args=[small_world.failed_job])
    assert address in support.get(page).content.decode()
    response = support.post(address, {"reason": "ticket 12"})
    assert response.headers["Location"] == page
    assert messages_of(response) == ["1 of 1 jobs will run again."]
    assert address not in support.get(page).content.decode()


def test_who_lacks_the_permission_is_neither_offered_it_nor_obeyed(small_world: World) -> None:
    client = logged_in("On-call engineer")
    page = client.get(reverse(LIST)).content.decode()
    assert "run_again" not in page
    choose(client, small_world.failed_job, reason="ticket 12")
    address = reverse("admin:jobs_job_run_this_again", args=[small_world.failed_job])
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "ticket 12"}).status_code == 403
    assert Job.objects.get(pk=small_world.failed_job).state == JobState.INVALID_PAYLOAD
    assert not AuditEntry.objects.filter(action="job.run_again").exists()


def test_a_job_that_left_the_filtered_list_meanwhile_is_reported(support: Client, small_world: World) -> None:
    Job.objects.filter(pk=small_world.failed_job).update(state=JobState.SUCCEEDED)
    data = {
        "action": "run_again",
        "_selected_action": [str(small_world.failed_job)],
        "index": "0",
        "reason": "t",
    }
    response = support.post(f"{reverse(LIST)}?state=failed", data)
    assert messages_of(response)[0].startswith("0 of 1 jobs will run again. 1 left alone")


def test_the_trail_of_one_job_is_a_click_away(support: Client, small_world: World) -> None:
    choose(support, small_world.failed_job, reason="ticket 12")
    history = support.get(reverse("admin:jobs_job_history", args=[small_world.failed_job]), follow=True)
    [entry] = history.context["cl"].result_list
    assert entry.reason == "ticket 12"
