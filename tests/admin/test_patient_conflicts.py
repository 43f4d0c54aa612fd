"""A patient's page tells of the conflicts about the patient that wait, also where nothing else is known of the patient."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from observations.intake import Sender, enter_in_error
from observations.models import MeasurementConflict, MeasurementSource
from patients.models import Patient
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.rerun_pages import text_of
from tests.admin.test_conflicts import CONFLICTS, KEEP, PAGE, WHY
from tests.admin.test_pages import listed

TITLE = "Conflicts that wait"


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation(name="North")


def conflicts(owner: Organisation, number: int, patient: str = "p-2") -> list[MeasurementConflict]:
    """Readings of p-1, and each sent again under its client id as the other patient's."""
    names = [f"{patient}/{n}" for n in range(number)]
    for whose, value in (("p-1", "100"), (patient, "140")):
        world.record(owner, *(factories.reading(whose, value, client_id=name) for name in names))
    return list(MeasurementConflict.objects.filter(external_id=patient).order_by("-pk"))


def patient(owner: Organisation, external_id: str) -> Patient:
    return Patient.objects.get(organisation=owner, external_id=external_id)


def page(client: Client, of: Patient) -> str:
    response: Any = client.get(reverse("admin:patients_patient_change", args=[of.pk]))
    assert response.status_code == 200
    return text_of(response)


def test_a_patient_who_is_known_from_a_conflict_alone_has_a_page_that_leads_to_it(
    support: Client, owner: Organisation
) -> None:
    [conflict] = conflicts(owner, 1)
    conflicts(factories.organisation(name="South"), 2)
    text = page(support, patient(owner, "p-2"))
    assert TITLE in text
    assert "140 mg/dL" in text
    assert reverse(PAGE, args=[conflict.pk]) in text
    shown = f"{reverse(CONFLICTS)}?state=unresolved&amp;patient={patient(owner, 'p-2').pk}"
    assert shown in text
    assert "p-2" not in shown
    found = listed(support, CONFLICTS, state="unresolved", patient=str(patient(owner, "p-2").pk))
    assert found == [str(conflict)]


def test_who_has_none_that_waits_has_no_such_line(support: Client, owner: Organisation) -> None:
    [conflict] = conflicts(owner, 1)
    assert TITLE not in page(support, patient(owner, "p-1"))
    support.post(reverse(KEEP, args=[conflict.pk]), WHY)
    assert TITLE not in page(support, patient(owner, "p-2"))


def test_who_may_not_see_conflicts_is_told_of_none(owner: Organisation) -> None:
    conflicts(owner, 1)
    person = factories.user(is_staff=True)
    client = Client()
    client.force_login(person)
    person.user_permissions.add(Permission.objects.get(codename="view_patient"))
    assert TITLE not in page(client, patient(owner, "p-2"))
    person.user_permissions.add(Permission.objects.get(codename="view_measurementconflict"))
    assert TITLE in page(client, patient(owner, "p-2"))


def test_the_page_shows_ten_and_takes_the_same_queries_for_any_number(
    support: Client, owner: Organisation
) -> None:
    few, many = conflicts(owner, 1, "p-2"), conflicts(owner, 40, "p-3")
    page(support, patient(owner, "p-2"))
    counts = []
    for name in ("p-2", "p-3"):
        with CaptureQueriesContext(connection) as captured:
            text = page(support, patient(owner, name))
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert [reverse(PAGE, args=[each.pk]) in text for each in many] == [True] * 10 + [False] * 30
    assert reverse(PAGE, args=[few[0].pk]) not in text


@pytest.mark.parametrize("asked", ["nonsense", "0197a3c2"])
def test_a_list_of_no_patients_conflicts_is_not_taken_for_one(
    support: Client, owner: Organisation, asked: str
) -> None:
    conflicts(owner, 1)
    response = support.get(reverse(CONFLICTS), {"patient": asked}, follow=True)
    assert "The address had a filter that is unknown here" in text_of(response)


def test_a_patient_of_whom_nothing_counts_is_not_said_to_have_readings_that_count(
    support: Client, owner: Organisation, work: Callable[[], int]
) -> None:
    world.record(owner, factories.reading("in-error", client_id="wrong"))
    sender = Sender(MeasurementSource.IMPORT)
    enter_in_error(organisation_id=owner.pk, client_id="wrong", reason="wrong arm", sender=sender)
    work()
    factories.patient(owner, "without-any")
    for name in ("in-error", "without-any"):
        text = page(support, patient(owner, name))
        assert "None is held." in text
        assert "every measurement counts" not in text
