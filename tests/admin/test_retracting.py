"""'Entered in error' on the page of a measurement: what would follow, why, and its trace afterwards."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from observations.models import Correction, Measurement, Observation
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.test_pages import shown
from tests.admin.world import World

PAGE = "admin:observations_measurement_change"
RETRACT = "admin:observations_measurement_retract"
WHY = {"reason": "ticket 12: taken at the wrong arm"}


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation()


def held_one(owner: Organisation, **fields: Any) -> Measurement:
    world.record(owner, factories.reading("p-1", **fields))
    return Measurement.objects.latest("pk")


def address(measurement: Measurement) -> str:
    return reverse(RETRACT, args=[measurement.pk])


def counted_of(small_world: World) -> Measurement:
    """One from which every current observation of the patient was computed."""
    first = Observation.objects.filter(superseded_at=None, patient=small_world.patient).earliest("as_of")
    return Measurement.objects.get(pk=first.derived_from[0])


def test_asking_says_which_observations_are_computed_anew_and_changes_nothing(
    support: Client, small_world: World
) -> None:
    measurement = counted_of(small_world)
    current = Observation.objects.filter(superseded_at=None, patient=small_world.patient)
    response = support.get(address(measurement))
    text = text_of(response)
    assert f"{current.count()} current observations were computed from it" in text
    assert "This cannot be undone" in text
    for observation in current:
        url = reverse("admin:observations_observation_change", args=[observation.pk])
        assert url in response.content.decode()
    assert not Correction.objects.exists()


def test_of_a_held_one_it_says_that_nothing_was_computed(support: Client, owner: Organisation) -> None:
    assert "It is held, so nothing was computed from it." in text_of(support.get(address(held_one(owner))))


def test_it_counts_no_longer_and_the_page_says_who_when_why_and_by_which_job(
    support: Client, small_world: World, work: Callable[[], int]
) -> None:
    measurement = counted_of(small_world)
    response = support.post(address(measurement), WHY)
    assert response.headers["Location"] == reverse(PAGE, args=[measurement.pk])
    correction = Correction.objects.get()
    job = reverse("admin:jobs_job_change", args=[correction.job_id])
    assert job in messages_of(response)[0]
    assert "not yet" in shown(support, PAGE, measurement.pk)
    work()
    measurement.refresh_from_db()
    assert measurement.status == "entered-in-error"
    current = Observation.objects.filter(superseded_at=None, patient=small_world.patient)
    assert all(measurement.pk not in observation.derived_from for observation in current)
    page = shown(support, PAGE, measurement.pk)
    for text in (
        "Entered in error</span>",
        "clinical-support",
        WHY["reason"],
        job,
        "measurement.enter_in_error",
    ):
        assert text in page
    assert "not yet" not in page


def test_the_trail_tells_of_it_once(support: Client, owner: Organisation) -> None:
    measurement = held_one(owner)
    support.post(address(measurement), WHY)
    response = support.post(address(measurement), {"reason": "another"})
    assert "It was said before" in messages_of(response)[-1]
    entry = AuditEntry.objects.get(target_type="measurement")
    assert (entry.action, entry.reason) == ("measurement.enter_in_error", WHY["reason"])
    assert (entry.target_id, entry.organisation_id) == (str(measurement.pk), owner.pk)
    assert entry.details == {"job": str(Correction.objects.get().job_id)}


def test_the_button_is_there_until_it_was_said(support: Client, owner: Organisation) -> None:
    measurement = held_one(owner)
    assert address(measurement) in shown(support, PAGE, measurement.pk)
    support.post(address(measurement), WHY)
    assert address(measurement) not in shown(support, PAGE, measurement.pk)


def test_one_that_was_replaced_can_still_be_said_to_have_been_an_error(
    support: Client, owner: Organisation, work: Callable[[], int]
) -> None:
    measurement = held_one(owner, client_id="a")
    world.record(owner, factories.reading("p-1", replaces="a"))
    work()
    assert "A correction has replaced it already" in text_of(support.get(address(measurement)))
    support.post(address(measurement), WHY)
    work()
    measurement.refresh_from_db()
    assert measurement.status == "entered-in-error"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
def test_without_a_reason_that_can_be_kept_nothing_is_done(
    support: Client, owner: Organisation, reason: str
) -> None:
    response = support.post(address(held_one(owner)), {"reason": reason})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Correction.objects.exists()
    assert not AuditEntry.objects.exists()


def test_only_who_may_says_so(owner: Organisation) -> None:
    measurement = held_one(owner)
    assert logged_in("On-call engineer").post(address(measurement), WHY).status_code == 403
    assert not Correction.objects.exists()


@pytest.mark.parametrize("role", ["Clinical support", "Administrator"])
def test_support_and_administrators_may(role: str, owner: Organisation) -> None:
    assert logged_in(role).post(address(held_one(owner)), WHY).status_code == 302
    assert Correction.objects.exists()


def test_saying_so_of_what_is_not_there_leads_to_the_front_page(support: Client, owner: Organisation) -> None:
    assert support.get(reverse(RETRACT, args=[owner.pk])).headers["Location"] == reverse("admin:index")
