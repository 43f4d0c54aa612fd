"""Lists narrowed down by what support staff know: an organisation, an external id, a time, a person, a reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.jobs.models import Job
from observations.models import Code, Observation
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.test_pages import listed
from tests.admin.world import World

JOBS = "admin:jobs_job_changelist"
MEASUREMENTS = "admin:observations_measurement_changelist"
OBSERVATIONS = "admin:observations_observation_changelist"
AUDIT = "admin:audit_auditentry_changelist"


def choices_of(client: Client, view: str, name: str) -> dict[str, str]:
    """The values and titles of one filter of a list."""
    forms = [
        choice["form"]
        for spec in client.get(reverse(view)).context["cl"].filter_specs
        for choice in spec.choices(None)
    ]
    [found] = [dict(form.fields[name].choices) for form in forms if name in form.fields]
    return {str(value): str(title) for value, title in found.items() if value}


def test_jobs_are_filtered_by_organisation(support: Client, small_world: World) -> None:
    other = factories.submitter()
    job = world.fail_a_job(other, factories.patient(other.organisation, "elsewhere"))
    assert listed(support, JOBS, organisation=str(other.organisation.pk)) == [f"associate {job}"]
    assert choices_of(support, JOBS, "organisation")[str(other.organisation.pk)] == other.organisation.name


def test_who_may_see_no_organisation_filters_jobs_by_its_id(small_world: World) -> None:
    key = str(small_world.organisation.pk)
    engineer = logged_in("On-call engineer")
    assert choices_of(engineer, JOBS, "organisation")[key] == key
    assert f"associate {small_world.failed_job}" in listed(engineer, JOBS, organisation=key)


def test_jobs_are_found_by_the_external_id_of_their_patient(support: Client, small_world: World) -> None:
    found = listed(support, JOBS, q="patient-one")
    assert f"associate {small_world.failed_job}" in found
    assert found == listed(support, JOBS, q=str(small_world.patient.pk))
    assert listed(support, JOBS, q="patient") == []


def test_who_may_see_no_patient_finds_no_job_by_an_external_id(small_world: World) -> None:
    engineer = logged_in("On-call engineer")
    assert listed(engineer, JOBS, q="patient-one") == []
    assert listed(engineer, JOBS, q=str(small_world.patient.pk))


@pytest.mark.parametrize(
    ("age", "found"), [(1, "day week month"), (6, "week month"), (29, "month"), (31, "")]
)
def test_measurements_are_filtered_by_when_they_were_measured(support: Client, age: int, found: str) -> None:
    measured_at = timezone.now() - timedelta(days=age) + timedelta(minutes=5)
    world.record(factories.organisation(), factories.reading("p", 100, measured_at))
    choices = choices_of(support, MEASUREMENTS, "measured")
    assert choices == {"day": "Last 24 hours", "week": "Last 7 days", "month": "Last 30 days"}
    assert [name for name in choices if listed(support, MEASUREMENTS, measured=name)] == found.split()


def test_observations_are_filtered_by_time_code_and_script(support: Client, small_world: World) -> None:
    everything = listed(support, OBSERVATIONS)
    observation = Observation.objects.earliest("pk")
    assert listed(support, OBSERVATIONS, as_of="week") == everything
    assert listed(support, OBSERVATIONS, code__id__exact=str(observation.code_id)) == everything
    assert listed(support, OBSERVATIONS, script__id__exact=str(observation.script_id)) == everything
    Observation.objects.filter(pk=observation.pk).update(as_of=timezone.now() - timedelta(days=8))
    assert str(observation) not in listed(support, OBSERVATIONS, as_of="week")
    assert str(observation) in listed(support, OBSERVATIONS, as_of="month")


def test_observations_are_offered_the_codes_of_results_only(support: Client, small_world: World) -> None:
    offered = choices_of(support, OBSERVATIONS, "code__id__exact")
    assert set(offered) == {str(code.pk) for code in Code.objects.filter(is_computed=True)}


@pytest.mark.parametrize(("view", "name"), [(MEASUREMENTS, "measured"), (OBSERVATIONS, "as_of")])
def test_the_filter_by_time_reads_the_youngest_rows_by_their_key(
    support: Client, small_world: World, view: str, name: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        listed(support, view, **{name: "day"})
    table = "observations_measurement" if name == "measured" else "observations_observation"
    counted = next(query["sql"] for query in queries if "COUNT(" in query["sql"] and table in query["sql"])
    assert f'"{table}"."id" >= ' in counted


@pytest.fixture
def trail(db: None) -> None:
    """What Anna, Ben and the engine did."""
    for name, action, reason in (
        ("anna", "job.run_again", "Ticket 12: payload mended"),
        ("ben.b", "job.run_again", "ticket 13"),
        ("", "script.draft", ""),
    ):
        actor = world.account("superuser", name) if name else None
        target = audit.Target("job", f"target of {name}", None)
        audit.record(actor=actor, action=action, targets=[target], reason=reason)


def entries(client: Client, **query: str) -> list[str]:
    page: Any = client.get(reverse(AUDIT), query)
    assert page.status_code == 200
    return [entry.actor.get_username() if entry.actor else "" for entry in page.context["cl"].result_list]


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("anna", ["anna"]),
        ("ben.b", ["ben.b"]),
        ("ticket", ["ben.b", "anna"]),
        ("mended ticket", ["anna"]),
        ("12", ["anna"]),
        ("script.draft", [""]),
        ("target of anna", ["anna"]),
        (" anna ", ["anna"]),
        ("nobody", []),
        ("%", []),
    ],
)
def test_the_trail_is_searched_by_person_action_target_and_words_of_the_reason(
    support: Client, term: str, found: list[str]
) -> None:
    assert entries(support, q=term) == found


@pytest.mark.usefixtures("trail")
def test_the_trail_is_filtered_by_person_and_action(support: Client) -> None:
    people = {title: value for value, title in choices_of(support, AUDIT, "actor").items()}
    assert entries(support, actor=people["anna"]) == ["anna"]
    assert entries(support, actor=people["the engine"]) == [""]
    assert entries(support, action="job.run_again") == ["ben.b", "anna"]
    assert set(choices_of(support, AUDIT, "action")) == {"job.run_again", "script.draft"}


@pytest.mark.usefixtures("trail")
def test_an_action_that_is_long_past_is_still_filtered_by(
    support: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinical_engine.staff.admin.audit_filters.ENTRIES_SEEN", 1)
    assert set(choices_of(support, AUDIT, "action")) == {"script.draft"}
    assert entries(support, action="job.run_again") == ["ben.b", "anna"]


def test_jobs_of_a_kind_that_a_former_release_knew_are_found_while_they_wait(
    support: Client, small_world: World
) -> None:
    Job.objects.filter(pk=small_world.failed_job).update(kind="former")
    assert listed(support, JOBS, kind="former") == [f"former {small_world.failed_job}"]
