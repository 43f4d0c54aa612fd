"""Stating by hand that a patient is active or inactive, or moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from patients.admin.by_hand.foresight import Stated, foresee
from patients.models import Association, Patient, Statement, StatementKind
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

LOST = "A link is missing now: its statement is fulfilled, but the link was lost."


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


def test_a_waiting_statement_is_told_from_what_is_stated_now(
    support: Client, patient: Patient, copd: Submitter
) -> None:
    active_since(patient, copd, factories.NOON)
    text = text_of(look(support, address(patient, ACTIVE), answers(copd, "2026-04-01T08:00:00")))
    assert "Nothing changes but what waits already" in text
    assert "Now: not active. Then: active since 10 Mar 2026, 13:00 CET." in text
    assert "missing now" not in text


def test_nothing_changes_when_the_link_is_there(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    active_since(patient, copd, factories.NOON)
    work()
    text = text_of(look(support, address(patient, ACTIVE), answers(copd, "2026-04-01T08:00:00")))
    assert "Nothing changes: the periods already say so" in text
    assert "No period begins, ends or goes." in text


def test_a_link_that_was_lost_is_said_to_be_missing_and_confirming_restores_it(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    active_since(patient, copd, factories.NOON)
    work()
    Association.objects.all().delete()
    url, data = address(patient, ACTIVE), answers(copd, "2026-04-01T08:00:00")
    text = text_of(look(support, url, data))
    assert "A link is missing now" in text
    assert "Confirming restores it." in text
    assert "Now: not active. Then: active since 10 Mar 2026, 13:00 CET." in text
    assert "Restored" in text
    assert "Nothing changes" not in text
    confirm(support, url, data)
    work()
    association = Association.objects.get(patient=patient, submitter=copd)
    assert (association.associated_at, association.dissociated_at) == (factories.NOON, None)


def test_a_lost_link_is_not_promised_back_when_the_statement_makes_it_another(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    active_since(patient, copd, factories.NOON)
    work()
    Association.objects.all().delete()
    text = text_of(look(support, address(patient, ACTIVE), answers(copd, "2026-03-01T08:00:00")))
    assert "It is not restored as it was" in text
    assert "Confirming restores it." not in text
    assert "Then: active since 1 Mar 2026, 08:00 CET." in text


def test_what_else_is_wrong_with_the_patients_links_is_shown_and_put_right(
    support: Client, patient: Patient, copd: Submitter, work: Callable[[], int]
) -> None:
    lost, ended, never = (
        factories.submitter(copd.organisation, name=name) for name in ("Lost", "Ended", "Never")
    )
    for submitter in (copd, lost, ended):
        active_since(patient, submitter, factories.NOON)
    work()
    links = Association.objects
    links.filter(submitter=lost).delete()
    links.filter(submitter=ended).update(dissociated_at=factories.NOON + timedelta(days=1))
    links.create(
        organisation=copd.organisation, patient=patient, submitter=never, associated_at=factories.NOON
    )
    url, data = address(patient, ACTIVE), answers(copd, "2026-04-01T08:00:00")
    outlooks = look(support, url, data).context["foreseen"].outlooks
    assert [(outlook.title, outlook.sentences[0]) for outlook in outlooks[1:]] == [
        ("Besides, with Ended", "A link does not end now when the statements say. Confirming puts it right."),
        ("Besides, with Lost", f"{LOST} Confirming restores it."),
        ("Besides, with Never", "A link is there now that no statement speaks of. Confirming removes it."),
    ]
    confirm(support, url, data)
    work()
    found = links.order_by("submitter__name").values_list(
        "submitter__name", "associated_at", "dissociated_at"
    )
    assert list(found) == [(name, factories.NOON, None) for name in ("COPD", "Ended", "Lost")]


def test_what_will_come_of_it_takes_as_many_queries_however_much_was_stated(
    patient: Patient, copd: Submitter, work: Callable[[], int], django_assert_num_queries: Any
) -> None:
    stated = [Stated(copd, StatementKind.ACTIVATION, factories.NOON)]
    patient = Patient.objects.select_related("organisation").get(pk=patient.pk)
    with django_assert_num_queries(2):
        foresee(patient, stated)
    for number in range(4):
        other = factories.submitter(copd.organisation, name=f"Other {number}")
        active_since(patient, other, factories.NOON + timedelta(days=number))
    work()
    Association.objects.all().delete()
    with django_assert_num_queries(2):
        assert len(foresee(patient, stated).outlooks) == 5
