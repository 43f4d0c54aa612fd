"""What support staff see of patients, measurements, observations and jobs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.jobs.models import Job
from observations.models import Measurement, Observation
from patients.models import Statement
from patients.services import activate
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.world import World

PATIENTS = "admin:patients_patient_changelist"
MEASUREMENTS = "admin:observations_measurement_changelist"


def shown(client: Client, view: str, *keys: object, **query: str) -> str:
    """The text of a page."""
    response = client.get(reverse(view, args=[str(key) for key in keys]), query)
    assert response.status_code == 200
    return response.content.decode()


def listed(client: Client, view: str, **query: str) -> list[str]:
    """The names of a list's rows."""
    response = client.get(reverse(view), query)
    assert response.status_code == 200
    return [str(row) for row in response.context["cl"].result_list]


@pytest.fixture
def three(db: None) -> None:
    """Three patients of two organisations."""
    one, other = factories.organisation(name="North"), factories.organisation(name="South")
    for owner, external_id in ((one, "a-1"), (one, "a-12"), (other, "a-1")):
        factories.patient(owner, external_id)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("term", "found"), [("a-1", 3), ("a-12", 1), ("-1", 0), ("A-1", 0), ("a-1%", 0), (" a-12 ", 1)]
)
def test_a_patient_is_found_by_how_the_external_id_begins(support: Client, term: str, found: int) -> None:
    assert len(listed(support, PATIENTS, q=term)) == found


def test_a_patient_is_found_by_our_own_id(support: Client, small_world: World) -> None:
    assert listed(support, PATIENTS, q=str(small_world.patient.pk)) == ["patient-one"]


@pytest.mark.usefixtures("three")
def test_patients_of_one_organisation_are_listed_in_the_order_of_their_ids(support: Client) -> None:
    north = Organisation.objects.get(name="North")
    assert listed(support, PATIENTS, organisation__id__exact=str(north.pk)) == ["a-1", "a-12"]


def test_patients_are_filtered_by_link_submitter_and_held_measurements(
    support: Client, small_world: World, work: Callable[[], int]
) -> None:
    said = factories.statement("linked", timezone.now() - timedelta(days=1))
    activate(submitter=small_world.submitter, statements=[said], origin=factories.BY_IMPORT)
    assert listed(support, PATIENTS, linked="waiting") == ["linked"]
    work()
    assert listed(support, PATIENTS, submitter=str(small_world.submitter.pk)) == ["linked"]
    assert "linked" in listed(support, PATIENTS, linked="yes")
    assert listed(support, PATIENTS, linked="no") == ["patient-one"]
    assert listed(support, PATIENTS, held="yes") == ["patient-one"]
    assert "patient-one" not in listed(support, PATIENTS, held="no")


def test_a_patients_page_shows_links_statements_results_held_measurements_and_jobs(
    support: Client, small_world: World
) -> None:
    page = shown(support, "admin:patients_patient_change", small_world.patient.pk)
    for title in (
        "Associations",
        "Statements",
        "Current observations",
        "Held measurements",
        "Latest measurements",
        "Last jobs",
    ):
        assert f"<h2>{title}" in page
    assert "Active since" in page
    assert "in range 100 %, mean 100 mg/dL" in page
    # The last of 3 readings: every page of the past is read as of its own time.
    assert "3 measurements" in page
    assert "Measured outside the patient&#x27;s periods" in page
    assert "Invalid payload" in page
    youngest = Job.objects.filter(patient_id=small_world.patient.pk).latest("pk")
    assert reverse("admin:jobs_job_change", args=[youngest.pk]) in page


def test_an_observations_page_links_every_measurement_it_was_computed_from(
    support: Client, small_world: World
) -> None:
    observation = Observation.objects.filter(superseded_at=None, patient=small_world.patient).latest("as_of")
    page = shown(support, "admin:observations_observation_change", observation.pk)
    assert len(observation.derived_from) == 3
    for key in observation.derived_from:
        assert reverse("admin:observations_measurement_change", args=[key]) in page
    assert reverse("admin:observations_scriptversion_change", args=[observation.script_version_id]) in page


def test_a_measurements_page_shows_which_current_observations_used_it(
    support: Client, small_world: World
) -> None:
    current = Observation.objects.filter(superseded_at=None, patient=small_world.patient).order_by("as_of")
    first = Measurement.objects.get(pk=current[0].derived_from[0])
    page = shown(support, "admin:observations_measurement_change", first.pk)
    for observation in current:
        assert reverse("admin:observations_observation_change", args=[observation.pk]) in page


def test_a_measurements_time_is_shown_in_the_organisations_zone_and_as_it_was_sent(
    support: Client, db: None
) -> None:
    owner = factories.organisation(time_zone="Europe/Lisbon")
    world.record(owner, factories.reading("p", "7.00", factories.NOON))
    page = shown(support, "admin:observations_measurement_change", Measurement.objects.get().pk)
    assert "10 Mar 2026, 12:00 WET" in page
    assert "2026-03-10 12:00:00 +0000" in page
    assert "7.00 mg/dL" in page


@pytest.mark.parametrize(
    ("age", "state", "label"),
    [
        (timedelta(0), "held", "Held"),
        (timedelta(hours=1), "overdue", "Held, overdue"),
        (timedelta(days=8), "outside", "Outside period"),
    ],
)
def test_a_held_measurement_says_how_long_and_why(
    support: Client, age: timedelta, state: str, label: str
) -> None:
    world.record(factories.organisation(), factories.reading("p"))
    now = timezone.now()
    Measurement.objects.update(received_at=now - age, due_at=now - age + timedelta(minutes=5))
    assert len(listed(support, MEASUREMENTS, state=state)) == 1
    assert listed(support, MEASUREMENTS, state="counted") == []
    page = shown(support, MEASUREMENTS, state=state)
    assert f">{label}</span>" in page
    assert "Nobody has stated the patient active" in page


def test_a_held_measurement_says_that_a_statement_waits(support: Client) -> None:
    submitter = factories.submitter()
    world.record(submitter.organisation, factories.reading("p"))
    activate(submitter=submitter, statements=[factories.statement("p")], origin=factories.BY_IMPORT)
    assert "A statement about the patient is not fulfilled yet" in shown(support, MEASUREMENTS)


def test_a_statement_that_is_overdue_is_in_the_filtered_list_with_its_job(support: Client) -> None:
    activate(
        submitter=factories.submitter(), statements=[factories.statement("p")], origin=factories.BY_IMPORT
    )
    view = "admin:patients_statement_changelist"
    assert listed(support, view, state="overdue") == []
    Statement.objects.update(due_at=timezone.now() - timedelta(days=3))
    page = shown(support, view, state="overdue")
    assert "Overdue for 3 days" in page
    assert reverse("admin:jobs_job_change", args=[Statement.objects.get().job_id]) in page


@pytest.mark.parametrize(
    "view",
    [
        "admin:patients_statement_changelist",
        MEASUREMENTS,
        "admin:observations_observation_changelist",
        "admin:patients_association_changelist",
    ],
)
def test_rows_are_found_by_either_id_of_their_patient(support: Client, small_world: World, view: str) -> None:
    by_external_id = listed(support, view, q="patient-one")
    assert by_external_id
    assert listed(support, view, q=str(small_world.patient.pk)) == by_external_id
    assert listed(support, view, q="patient") == []


def test_rows_are_found_by_the_senders_own_id(support: Client, small_world: World) -> None:
    sent = Measurement.objects.filter(patient=small_world.patient)[0]
    assert listed(support, MEASUREMENTS, q=sent.client_id) == [str(sent)]


def test_conflicts_show_what_stands_beside_what_was_refused(support: Client, small_world: World) -> None:
    page = shown(support, "admin:observations_measurementconflict_changelist")
    assert "patient-one: Glucose in blood 100 mg/dL" in page
    assert "patient-one: Glucose in blood 101 mg/dL" in page


def test_a_jobs_page_shows_its_attempts_without_values(support: Client, small_world: World) -> None:
    page = shown(support, "admin:jobs_job_change", small_world.failed_job)
    for text in (
        "IntegrityError",
        "23505",
        "statement_client_id_once",
        "patients/folding.py:1 fold",
        "r1",
        "w1",
    ):
        assert text in page


def test_jobs_are_filtered_by_state_kind_queue_and_cause(support: Client, small_world: World) -> None:
    view = "admin:jobs_job_changelist"
    failed = listed(support, view, state="failed")
    assert f"associate {small_world.failed_job}" in failed
    cause = Job.objects.get(pk=small_world.failed_job).fingerprint
    assert listed(support, view, fingerprint=cause) == failed
    assert listed(support, view, q=cause) == failed
    assert listed(support, view, state="failed", kind="recompute") == []
    assert listed(support, view, state="failed", queue="default") == failed
    assert listed(support, view, patient_id__exact=str(small_world.patient.pk), state="failed") == failed
    assert "4 × InvalidPayloadError" in shown(support, view)  # noqa: RUF001 - a times sign
