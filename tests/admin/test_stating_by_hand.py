"""Stating by hand that a patient is active or inactive, or moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from patients.models import Association, Patient, Statement
from submitters.models import Submitter
from tests import factories
from tests.admin.by_hand_pages import (
    ACTIVE,
    INACTIVE,
    MOVE,
    active_since,
    address,
    answers,
    confirm,
    look,
    moving,
)
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.test_pages import shown


@pytest.fixture
def copd(db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="North"), name="COPD")


@pytest.fixture
def patient(copd: Submitter) -> Patient:
    return factories.patient(copd.organisation, "patient-one")


def test_the_form_asks_with_whom_since_when_in_the_organisations_zone_and_why(
    support: Client, patient: Patient, copd: Submitter
) -> None:
    elsewhere = factories.submitter(name="Elsewhere")
    page = support.get(address(patient, ACTIVE))
    text = text_of(page)
    assert copd.name in text
    assert elsewhere.name not in text
    assert "As the clocks show it in Europe/Amsterdam" in text
    now = timezone.now().astimezone(copd.organisation.zone)
    assert f'value="{now:%Y-%m-%dT%H:}' in text or now.minute == 0


def test_what_would_come_of_it_is_shown_and_nothing_done(
    support: Client, patient: Patient, copd: Submitter
) -> None:
    text = text_of(look(support, address(patient, ACTIVE), answers(copd)))
    assert "This is a dry run: nothing has been stated yet." in text
    assert "Active since 10 Mar 2026, 13:00 CET with COPD" in text
    assert "Now: not active. Then: active since 10 Mar 2026, 13:00 CET." in text
    assert "Begins" in text
    assert not Statement.objects.exists()


def test_a_confirmed_statement_links_the_patient_and_stands_in_the_audit_trail(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    response = confirm(support, address(patient, ACTIVE), answers(copd))
    assert response.headers["Location"] == reverse("admin:patients_patient_change", args=[patient.pk])
    assert messages_of(response) == ["Stated. The associations show it as soon as its job has run."]
    work()
    association = Association.objects.get(patient=patient, submitter=copd)
    assert association.associated_at == factories.NOON
    statement = Statement.objects.get()
    assert (statement.source, str(statement.actor)) == ("staff", "clinical-support")
    page = shown(support, "admin:patients_patient_change", patient.pk)
    assert "patient.activate" in page
    assert "ticket 12: vitals lost it" in page
    assert "ce-mark-staff" in page


def test_a_patient_is_stated_inactive_with_the_one_submitter_that_is_offered(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    active_since(patient, copd, factories.NOON)
    factories.submitter(copd.organisation, name="Diabetes")
    work()
    url = address(patient, INACTIVE)
    assert support.get(url).context["form"]["submitter"].value() == copd.pk
    text = text_of(look(support, url, answers(copd, "2026-03-12T08:00:00")))
    assert "Now: active since 10 Mar 2026, 13:00 CET. Then: not active." in text
    confirm(support, url, answers(copd, "2026-03-12T08:00:00"))
    work()
    assert Association.objects.get().dissociated_at == datetime(2026, 3, 12, 7, tzinfo=UTC)
    assert AuditEntry.objects.filter(action="patient.deactivate").count() == 1


def test_a_patient_is_moved_from_one_submitter_to_another(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    other = factories.submitter(copd.organisation, name="Diabetes")
    active_since(patient, copd, factories.NOON)
    work()
    url = address(patient, MOVE)
    text = text_of(look(support, url, moving(copd, other)))
    assert "Inactive since 12 Mar 2026, 13:00 CET with COPD" in text
    assert "Active since 12 Mar 2026, 13:00 CET with Diabetes" in text
    confirm(support, url, moving(copd, other))
    work()
    moved = factories.NOON + timedelta(days=2)
    assert Association.objects.get(submitter=copd).dissociated_at == moved
    assert Association.objects.get(submitter=other).associated_at == moved
    assert AuditEntry.objects.filter(action="patient.move").count() == 1


def test_a_statement_that_changes_nothing_says_so(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    active_since(patient, copd, factories.NOON)
    text = text_of(look(support, address(patient, ACTIVE), answers(copd, "2026-04-01T08:00:00")))
    assert "Nothing changes" in text
