"""Facts in the admin: what holds of a patient, what was ever said, stated by hand and taken back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from clinical_engine.audit.models import AuditEntry
from patients.models import FactConflict, Patient, PatientFact
from patients.selectors import facts_of
from submitters.models import Organisation
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.rerun_pages import messages_of, text_of
from tests.admin.test_pages import listed, shown
from tests.factories import NOON, days
from tests.patients.facts.support import fact, record, retract

LIST = "admin:patients_patientfact_changelist"
PAGE = "admin:patients_patientfact_change"
PATIENT = "admin:patients_patient_change"
STATE = "admin:patients_patient_state_a_fact"
RETRACT = "admin:patients_patientfact_retract"
WHY = {"reason": "ticket 12: the letter says so"}


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation(time_zone="Europe/Amsterdam")


@pytest.fixture
def patient(owner: Organisation) -> Patient:
    return factories.patient(owner, "p-1")


def stated(owner: Organisation, *facts: Any) -> PatientFact:
    record(owner, *(facts or [fact()]))
    return PatientFact.objects.latest("pk")


def words_of(response: Any) -> str:
    """The text of a page, without its tags."""
    return " ".join(strip_tags(text_of(response).replace("<", " <")).split())


def state(client: Client, patient: Patient, **answers: str) -> Any:
    given = {"name": "sex", "value": "male", "effective_from": "2026-03-01T09:00:00", **WHY, **answers}
    return client.post(reverse(STATE, args=[patient.pk]), given)


def test_a_patients_page_shows_first_what_holds_and_then_what_was_said(
    support: Client, owner: Organisation, patient: Patient
) -> None:
    record(
        owner,
        fact("spo2_scale", 1, NOON - days(2), client_id="past"),
        fact("spo2_scale", 2, NOON - days(1), client_id="present"),
        fact("birth_year", 1950, NOON - days(9)),
        fact("sex", "other", client_id="wrong"),
    )
    retract(owner, "wrong")
    text = words_of(support.get(reverse(PATIENT, args=[patient.pk])))
    panel = text[text.index("SpO2 scale 2") :]
    places = [
        panel.index(words) for words in ("SpO2 scale 2", "Birth year 1950", "Sex other", "SpO2 scale 1")
    ]
    assert places == sorted(places)
    assert panel.count("Holds now") == 2
    assert panel.index("Entered in error") > panel.index("Sex other")


def test_of_a_patient_without_facts_the_page_says_so(support: Client, patient: Patient) -> None:
    page = shown(support, PATIENT, patient.pk)
    assert "Neither sex, birth year nor SpO2 scale is known." in page


def test_facts_are_found_and_filtered(support: Client, owner: Organisation) -> None:
    mine = stated(owner, fact(client_id="a"), fact("birth_year", 1950, client_id="b"))
    stated(owner, fact(external_id="p-2", client_id="c"))
    retract(owner, "c")
    for term, found in (("p-1", 2), (str(mine.patient_id), 2), (str(mine.pk), 1), ("c", 1), ("p", 0)):
        assert len(listed(support, LIST, q=term)) == found, term
    assert len(listed(support, LIST, state="error")) == 1
    assert len(listed(support, LIST, state="standing")) == 2
    assert len(listed(support, LIST, name__exact="sex")) == 2
    assert "p-2" in shown(support, LIST, state="error")


def test_a_facts_page_says_where_it_came_from_and_what_conflicts_with_it(
    support: Client, owner: Organisation
) -> None:
    kept = stated(owner, fact(client_id="a"))
    record(owner, fact(client_id="a", value="male"))
    text = text_of(support.get(reverse(PAGE, args=[kept.pk])))
    for words in ("Female".lower(), "p-1", "API", "Nobody has said so.", "Sex: male"):
        assert words in text, words
    conflict = FactConflict.objects.get()
    text = text_of(support.get(reverse("admin:patients_factconflict_change", args=[conflict.pk])))
    assert "p-1: Sex female since" in text
    assert "p-1: Sex male since" in text
    found = listed(support, "admin:patients_factconflict_changelist", q="a")
    assert found == [str(conflict)]


def test_what_is_stated_by_hand_holds_and_its_trail_says_who_and_why(
    support: Client, patient: Patient
) -> None:
    response = state(support, patient, name="birth_year", value="1950", effective_from="1950-01-01T00:00:00")
    assert response.headers["Location"] == reverse(PATIENT, args=[patient.pk])
    assert messages_of(response) == ["Stated. What follows from it is computed anew."]
    kept = PatientFact.objects.get()
    assert (kept.value, kept.source, str(kept.actor), kept.reason) == (
        "1950",
        "staff",
        "clinical-support",
        WHY["reason"],
    )
    # As the organisation's clocks show it.
    assert kept.effective_from == datetime(1949, 12, 31, 23, tzinfo=UTC)
    entries = AuditEntry.objects.order_by("target_type")
    assert [(entry.action, entry.target_type, entry.target_id, entry.details) for entry in entries] == [
        ("patient.state_fact", "fact", str(kept.pk), {}),
        ("patient.state_fact", "patient", str(patient.pk), {"fact": str(kept.pk)}),
    ]
    assert "1950" not in str([entry.details for entry in entries])
    assert "patient.state_fact" in shown(support, PATIENT, patient.pk)
    assert WHY["reason"] in shown(support, PAGE, kept.pk)


def test_what_is_stated_by_hand_is_computed_from(
    support: Client, patient: Patient, work: Callable[[], int]
) -> None:
    state(support, patient)
    assert work() == 1


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ({"value": "f"}, "Must be female, male or other."),
        ({"name": "birth_year", "value": "male"}, "Must be a whole number (not a text)."),
        ({"name": "birth_year", "value": "³"}, "Must be a whole number (not a text)."),
        ({"name": "birth_year", "value": "1700"}, "Must be from 1880 to 2100."),
        ({"name": "spo2_scale", "value": "3"}, "Must be from 1 to 2."),
        ({"name": "height", "value": "1"}, "Select a valid choice."),
        ({"value": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
        ({"reason": "\u200b"}, "Must be printable characters"),
        ({"effective_from": ""}, "This field is required."),
        ({"effective_from": "2199-01-01T00:00:00"}, "Must not be in the future."),
        ({"effective_from": "1899-01-01T00:00:00"}, "Must not be before 1900."),
        ({"effective_from": "2026-03-29T02:30:00"}, "be interpreted in time zone Europe/Amsterdam"),
    ],
)
def test_an_answer_that_cannot_be_is_asked_for_again_and_nothing_stored(
    support: Client, patient: Patient, answers: dict[str, str], complaint: str
) -> None:
    response = state(support, patient, **answers)
    assert response.status_code == 200
    assert complaint in text_of(response)
    assert not PatientFact.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_second_fact_of_a_kind_at_one_instant_is_refused_until_the_first_is_taken_back(
    support: Client, owner: Organisation, patient: Patient
) -> None:
    state(support, patient, value="female")
    assert "Another fact of this kind has exactly this time" in text_of(state(support, patient))
    assert [row.value for row in facts_of([patient.pk])] == ["female"]
    retract(owner, PatientFact.objects.get().client_id)
    assert state(support, patient).status_code == 302
    assert [row.value for row in facts_of([patient.pk])] == ["male"]


def test_asking_shows_what_is_stated_already(support: Client, owner: Organisation, patient: Patient) -> None:
    stated(owner, fact("spo2_scale", 2))
    response = support.get(reverse(STATE, args=[patient.pk]))
    text = words_of(response)
    assert "SpO2 scale 2" in text
    assert "early, for what always held" in text
    assert PatientFact.objects.count() == 1


def test_a_fact_is_said_to_be_in_error_once_and_its_page_says_who_and_why(
    support: Client, owner: Organisation
) -> None:
    kept = stated(owner)
    address = reverse(RETRACT, args=[kept.pk])
    assert address in shown(support, PAGE, kept.pk)
    assert "This cannot be undone" in text_of(support.get(address))
    response = support.post(address, WHY)
    assert messages_of(response) == ["Said. It counts no longer."]
    assert facts_of([kept.patient_id]) == []
    page = shown(support, PAGE, kept.pk)
    assert address not in page
    for words in (WHY["reason"], "clinical-support", "fact.enter_in_error"):
        assert words in page
    again = support.post(address, {"reason": "another"})
    assert messages_of(again)[-1] == "It was said before; nothing was changed."
    assert AuditEntry.objects.filter(action="fact.enter_in_error").count() == 2


def test_a_reason_that_cannot_be_kept_is_asked_for_again(support: Client, owner: Organisation) -> None:
    kept = stated(owner)
    response = support.post(reverse(RETRACT, args=[kept.pk]), {"reason": "a\u200bb"})
    assert "Must be printable characters" in text_of(response)
    assert len(facts_of([kept.patient_id])) == 1


def test_who_may_only_look_can_neither_state_nor_take_back(owner: Organisation, patient: Patient) -> None:
    kept = stated(owner)
    viewer = logged_in("Administrator")
    group = Group.objects.get(name="Administrator")
    group.permissions.remove(
        *group.permissions.filter(codename__in=["add_patientfact", "retract_patientfact"])
    )
    assert reverse(STATE, args=[patient.pk]) not in shown(viewer, PATIENT, patient.pk)
    assert reverse(RETRACT, args=[kept.pk]) not in shown(viewer, PAGE, kept.pk)
    assert state(viewer, patient).status_code == 403
    assert viewer.post(reverse(RETRACT, args=[kept.pk]), WHY).status_code == 403
    assert len(facts_of([kept.patient_id])) == 1


def test_the_on_call_engineer_sees_no_fact(owner: Organisation, patient: Patient) -> None:
    kept = stated(owner)
    engineer = logged_in("On-call engineer")
    for address in (reverse(LIST), reverse(PAGE, args=[kept.pk]), reverse(STATE, args=[patient.pk])):
        assert engineer.get(address).status_code in {302, 403}


def test_pages_of_what_is_not_there_lead_back(support: Client, owner: Organisation) -> None:
    for view in (STATE, RETRACT):
        assert support.get(reverse(view, args=[owner.pk])).status_code == 302, view
