"""Stating by hand what cannot be stated, was not looked at before, or is not allowed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Patient, Statement
from submitters.models import Submitter
from tests import factories
from tests.admin.by_hand_pages import ACTIVE, INACTIVE, MOVE, active_since, address, answers, look, moving
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import text_of


@pytest.fixture
def copd(db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="North"), name="COPD")


@pytest.fixture
def patient(copd: Submitter) -> Patient:
    return factories.patient(copd.organisation, "patient-one")


def test_what_came_in_since_the_dry_run_is_shown_before_anything_is_done(
    support: Client, patient: Patient, copd: Submitter
) -> None:
    url = address(patient, INACTIVE)
    seen = look(support, url, answers(copd)).context["foreseen"].seen
    active_since(patient, copd, factories.NOON - timedelta(days=1))
    text = text_of(support.post(url, {**answers(copd), "step": "confirm", "seen": seen}))
    assert "A statement came in meanwhile." in text
    assert Statement.objects.count() == 1


def test_confirming_twice_states_once(support: Client, patient: Patient, copd: Submitter) -> None:
    url = address(patient, ACTIVE)
    seen = look(support, url, answers(copd)).context["foreseen"].seen
    for _ in range(2):
        support.post(url, {**answers(copd), "step": "confirm", "seen": seen})
    assert Statement.objects.count() == 1


def test_nothing_is_done_without_the_dry_run_having_been_seen(
    support: Client, patient: Patient, copd: Submitter
) -> None:
    url = address(patient, ACTIVE)
    for forged in ({"step": "confirm"}, {"step": "confirm", "seen": "guessed"}, {}, {"step": "change"}):
        assert support.post(url, {**answers(copd), **forged}).status_code == 200
    assert not Statement.objects.exists()


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("2999-01-01T00:00:00", "Must not be in the future."),
        ("1899-12-31T23:59:59", "Must not be before 1900."),
        ("0001-01-01T00:00:00", "Must not be before 1900."),
        ("2026-03-29T02:30:00", "it may be ambiguous or it may not exist"),
        ("2025-10-26T02:30:00", "it may be ambiguous or it may not exist"),
        ("yesterday", "Enter a valid date/time."),
        ("", "This field is required."),
    ],
)
def test_a_time_that_cannot_be_is_refused(
    support: Client, patient: Patient, copd: Submitter, since: str, said: str
) -> None:
    assert said in text_of(look(support, address(patient, ACTIVE), answers(copd, since)))
    assert not Statement.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_reason_nothing_is_shown_or_done(
    support: Client, patient: Patient, copd: Submitter, reason: str
) -> None:
    response = look(support, address(patient, ACTIVE), answers(copd, reason=reason))
    assert response.context["form"].errors["reason"]
    assert response.context["foreseen"] is None


def test_a_submitter_of_another_organisation_is_refused(
    support: Client, patient: Patient, copd: Submitter
) -> None:
    other = factories.submitter()
    assert look(support, address(patient, ACTIVE), answers(other)).context["form"].errors["submitter"]
    for data in (moving(copd, other), moving(other, copd), moving(copd, copd)):
        assert look(support, address(patient, MOVE), data).context["form"].errors


@pytest.mark.parametrize("deed", [ACTIVE, INACTIVE, MOVE])
def test_only_who_may_state_by_hand_is_offered_it_and_answered(
    patient: Patient, copd: Submitter, deed: str
) -> None:
    engineer, support = logged_in("On-call engineer"), logged_in("Clinical support")
    url = address(patient, deed)
    assert engineer.get(url).status_code == 403
    assert engineer.post(url, {**answers(copd), "step": "confirm"}).status_code == 403
    assert Client().post(url, answers(copd)).status_code == 302
    page = reverse("admin:patients_patient_change", args=[patient.pk])
    assert url in support.get(page).content.decode()
    assert not Statement.objects.exists()


def test_a_patient_that_is_not_there_leads_to_the_front_page(support: Client, copd: Submitter) -> None:
    for key in (copd.pk, "nonsense"):
        response = support.get(reverse("admin:patients_patient_move", args=[key]))
        assert response.headers["Location"] == reverse("admin:index")
