"""The list of jobs: failed work unless asked otherwise, every filter a part of a selection, all of it run again from its head."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.selection import STATES, Selection
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.test_filters import choices_of
from tests.admin.test_pages import listed
from tests.admin.world import World

JOBS = "admin:jobs_job_changelist"
RELEASE = "2026.3+build-1"


@pytest.fixture
def odd_one(small_world: World) -> Job:
    """A failed job that differs from the other failed ones in whatever can be filtered by."""
    other = factories.submitter()
    actor = factories.user(username="robin")
    key = world.fail_a_job(
        other,
        factories.patient(other.organisation, "elsewhere"),
        "DataError 22003",
        kind="former",
        queue="reruns",
        state="dead",
        claimed_release=RELEASE,
        payload_version=7,
        last_actor=actor,
        finished_at=timezone.now() - timedelta(days=3),
    )
    return Job.objects.get(pk=key)


def values_of(job: Job) -> dict[str, str]:
    return {
        "state": "dead",
        "kind": job.kind,
        "queue": job.queue,
        "fingerprint": job.fingerprint,
        "release": job.claimed_release,
        "payload_version": str(job.payload_version),
        "organisation": str(job.organisation_id),
        "submitter": str(job.submitter_id),
        "last_actor": str(job.last_actor_id),
        "failed_before": (timezone.now() - timedelta(days=2)).isoformat(),
    }


def test_without_a_state_it_shows_what_failed_and_to_who_searches_every_state(
    support: Client, small_world: World
) -> None:
    failed = Job.objects.filter(state="invalid_payload").count()
    assert len(listed(support, JOBS)) == failed < Job.objects.count()
    of_patient = Job.objects.filter(patient_id=small_world.patient.pk)
    assert of_patient.filter(state="succeeded").exists()
    assert len(listed(support, JOBS, q="patient-one")) == of_patient.count()
    assert len(listed(support, JOBS, q="patient-one", state="failed")) == failed


def test_without_failures_it_does_not_say_that_there_are_no_jobs(support: Client) -> None:
    assert "No job has failed." in support.get(reverse(JOBS)).content.decode()


def test_each_filter_alone_finds_the_odd_one_as_its_selection_does(support: Client, odd_one: Job) -> None:
    for name, value in values_of(odd_one).items():
        found = listed(support, JOBS, **{name: value})
        assert found == [str(odd_one)], name
        assert [str(job) for job in Selection.parse({name: value}).rows()] == found


def test_all_filters_together_find_it_too(support: Client, odd_one: Job) -> None:
    assert listed(support, JOBS, **values_of(odd_one)) == [str(odd_one)]


@pytest.mark.parametrize("state", STATES)
def test_every_state_lists_what_its_selection_chooses(support: Client, odd_one: Job, state: str) -> None:
    Job.objects.filter(pk=odd_one.pk).update(
        state="retryable", finished_at=None, next_run_at=timezone.now() - timedelta(hours=1)
    )
    chosen = {str(job) for job in Selection(state=state).rows()}
    assert set(listed(support, JOBS, state=state)) == chosen


def test_what_is_offered_are_the_values_of_failed_jobs_by_name(support: Client, odd_one: Job) -> None:
    assert choices_of(support, JOBS, "release") == {RELEASE: RELEASE}
    assert choices_of(support, JOBS, "payload_version") == {"1": "1", "7": "7"}
    assert choices_of(support, JOBS, "last_actor") == {str(odd_one.last_actor_id): "robin"}
    assert "former" in choices_of(support, JOBS, "kind")
    assert choices_of(support, JOBS, "fingerprint")[odd_one.fingerprint] == "1 × DataError 22003"  # noqa: RUF001 - a times sign
    names = choices_of(support, JOBS, "submitter")
    assert set(names) == {
        str(key)
        for key in Job.objects.filter(state__in=["dead", "invalid_payload"]).values_list(
            "submitter_id", flat=True
        )
    }
    assert all(name.startswith("Programme ") for name in names.values())
    assert set(choices_of(logged_in("On-call engineer"), JOBS, "submitter").values()) == set(names)


def test_failures_are_found_by_how_long_ago(support: Client, odd_one: Job) -> None:
    assert set(choices_of(support, JOBS, "failed_within")) == {"hour", "day", "week"}
    found = [str(odd_one) in listed(support, JOBS, failed_within=span) for span in ("hour", "day", "week")]
    assert found == [False, False, True]


@pytest.mark.parametrize(
    "query",
    [
        {"failed_within": "year"},
        {"failed_after": "yesterday"},
        {"failed_after": "2026-03-10", "failed_before": "2026-03-09"},
        {"release": "1 or 2"},
        {"payload_version": "two"},
        {"submitter": "xyz"},
        {"last_actor": "xyz"},
    ],
)
def test_a_value_that_cannot_be_is_refused(
    support: Client, small_world: World, query: dict[str, str]
) -> None:
    response = support.get(reverse(JOBS), query)
    assert response.headers["Location"] == f"{reverse(JOBS)}?e=1"


def test_a_value_that_no_failed_job_has_finds_nothing_and_says_so(
    support: Client, small_world: World
) -> None:
    for query in (
        {"release": "none"},
        {"payload_version": "9"},
        {"submitter": str(small_world.failed_job)},
        {"last_actor": "999"},
    ):
        page = support.get(reverse(JOBS), query)
        assert page.context["cl"].result_count == 0
        assert "Nothing matches." in page.content.decode()
        assert "Run all that match" not in page.content.decode()


def head(client: Client, **query: str) -> Any:
    return client.get(reverse(JOBS), query).context["bulk"]


def test_the_head_leads_to_the_rerun_of_exactly_what_is_listed(support: Client, odd_one: Job) -> None:
    asked = values_of(odd_one)
    bulk = head(support, **asked)
    assert bulk.sentence == Selection.parse(asked).sentence()
    target = urlsplit(bulk.url)
    assert target.path == reverse("admin:jobs_rerun_new")
    assert Selection.parse(dict(parse_qsl(target.query))) == Selection.parse(asked)
    assert "Run all that match this filter" in support.get(reverse(JOBS), asked).content.decode()


def test_pages_and_orders_are_no_part_of_the_filter(support: Client, small_world: World) -> None:
    assert head(support, p="1", o="-8").url == head(support).url


def test_a_search_is_explained_to_be_no_filter(support: Client, small_world: World) -> None:
    for query in ({"q": "patient-one"}, {"q": "patient-one", "state": "failed"}):
        bulk = head(support, **query)
        assert bulk.url == ""
        assert bulk.why_not.startswith("A search is no filter")
    assert "cannot choose by" in head(support, patient_id__exact=str(small_world.patient.pk)).why_not


def test_what_a_run_again_changes_nothing_about_is_offered_no_rerun(
    support: Client, small_world: World
) -> None:
    for state in ("succeeded", "running", "available", "late", "waiting_for_release"):
        assert head(support, state=state).url == ""


def test_who_may_start_no_rerun_sees_no_head(small_world: World) -> None:
    assert head(logged_in("On-call engineer")) is None


def test_a_patients_page_leads_to_all_jobs_of_the_patient(support: Client, small_world: World) -> None:
    page = support.get(reverse("admin:patients_patient_change", args=[small_world.patient.pk]))
    [panel] = [panel for panel in page.context["panels"] if panel.title == "Last jobs"]
    address, _ = panel.context["more"]
    found = support.get(address).context["cl"].result_count
    assert found == Job.objects.filter(patient_id=small_world.patient.pk).count()


def test_the_list_names_who_touched_a_job_last(
    support: Client, odd_one: Job, work: Callable[[], int]
) -> None:
    assert "robin" in support.get(reverse(JOBS), {"kind": "former"}).content.decode()
