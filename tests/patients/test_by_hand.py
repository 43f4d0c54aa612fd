"""What staff state by hand: a statement like any other, with its reason in the audit trail."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import RefusedError
from patients import services
from patients.models import Association, Patient, Statement, StatementKind
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days

pytestmark = pytest.mark.django_db
LATER = NOON + days(10)


@pytest.fixture
def submitter() -> Submitter:
    return factories.submitter()


@pytest.fixture
def patient(submitter: Submitter) -> Patient:
    return factories.patient(submitter.organisation)


@pytest.fixture
def nurse() -> User:
    return factories.user()


def periods_of(patient: Patient) -> set[tuple[Any, datetime, datetime | None]]:
    return {(row.submitter, row.associated_at, row.dissociated_at) for row in patient.associations.all()}


def test_a_patient_is_linked_and_unlinked_by_hand(
    patient: Patient, submitter: Submitter, nurse: User, work: Callable[[], int]
) -> None:
    for kind, time in ((StatementKind.DEACTIVATION, LATER), (StatementKind.ACTIVATION, NOON)):
        answer = services.state_by_hand(
            actor=nurse,
            patient=patient,
            submitter=submitter,
            kind=kind,
            effective_at=time,
            reason="Ticket 7",
        )
        assert answer.outcome is services.Acceptance.ACCEPTED
        stored = Statement.objects.get(pk=answer.statement_id)
        assert (stored.patient, stored.kind, stored.effective_at) == (patient, kind, time)
        assert (stored.source, stored.actor) == ("staff", nurse)
        assert stored.client_id.startswith("staff-")
    work()
    assert periods_of(patient) == {(submitter, NOON, LATER)}


@pytest.mark.parametrize("kind", StatementKind)
def test_a_statement_by_hand_leaves_its_reason_in_the_audit_trail(
    patient: Patient, submitter: Submitter, nurse: User, kind: StatementKind
) -> None:
    answer = services.state_by_hand(
        actor=nurse,
        patient=patient,
        submitter=submitter,
        kind=kind,
        effective_at=NOON,
        reason="Ticket 7",
    )
    entry = AuditEntry.objects.get()
    assert entry.action == {"activation": "patient.activate", "deactivation": "patient.deactivate"}[kind]
    assert (entry.actor, entry.reason, entry.organisation_id) == (nurse, "Ticket 7", patient.organisation_id)
    assert (entry.target_type, entry.target_id) == ("patient", str(patient.id))
    assert entry.details == {
        "submitter": str(submitter.id),
        "statement": str(answer.statement_id),
        "job": str(answer.job_id),
    }


def test_a_patient_is_moved_by_hand(
    patient: Patient, submitter: Submitter, nurse: User, work: Callable[[], int]
) -> None:
    said = factories.statement(patient.external_id, NOON)
    services.activate(submitter=submitter, statements=[said], origin=factories.BY_IMPORT)
    other = factories.submitter(submitter.organisation)
    moved = services.move_by_hand(
        actor=nurse,
        patient=patient,
        from_submitter=submitter,
        to_submitter=other,
        effective_at=LATER,
        reason="Ticket 8",
    )
    work()
    assert periods_of(patient) == {(submitter, NOON, LATER), (other, LATER, None)}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.reason) == ("patient.move", nurse, "Ticket 8")
    assert entry.details == {
        "from_submitter": str(submitter.id),
        "to_submitter": str(other.id),
        "left": str(moved.left.statement_id),
        "joined": str(moved.joined.statement_id),
    }


def test_the_same_by_hand_twice_is_two_statements_and_one_period(
    patient: Patient, submitter: Submitter, nurse: User, work: Callable[[], int]
) -> None:
    for _ in range(2):
        services.state_by_hand(
            actor=nurse,
            patient=patient,
            submitter=submitter,
            kind=StatementKind.ACTIVATION,
            effective_at=NOON,
            reason="Pressed twice",
        )
    work()
    assert Statement.objects.count() == 2
    assert periods_of(patient) == {(submitter, NOON, None)}


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"reason": " "}, "reason", "empty"),
        ({"submitter": None}, "submitter", "another_organisation"),
        ({"effective_at": datetime(1880, 1, 1, tzinfo=NOON.tzinfo)}, "effective_at", "too_early"),
        ({"effective_at": timezone.now() + days(1)}, "effective_at", "in_the_future"),
    ],
    ids=["no reason", "another organisation", "before 1900", "in the future"],
)
def test_what_cannot_be_stated_by_hand_is_refused_and_leaves_no_trace(
    patient: Patient, submitter: Submitter, changed: dict[str, Any], field: str, code: str
) -> None:
    given: dict[str, Any] = {
        "actor": factories.user(),
        "patient": patient,
        "submitter": submitter,
        "kind": StatementKind.ACTIVATION,
        "effective_at": NOON,
        "reason": "Ticket 9",
        **changed,
    }
    given["submitter"] = given["submitter"] or factories.submitter()
    with pytest.raises(RefusedError) as refused:
        services.state_by_hand(**given)
    assert [(refusal.field, refusal.code) for refusal in refused.value.refusals] == [(field, code)]
    assert_no_trace()


def test_nobody_is_moved_by_hand_within_a_submitter_or_out_of_the_organisation(
    patient: Patient, submitter: Submitter, nurse: User
) -> None:
    stranger = factories.submitter()
    for left, joined, expected in (
        (submitter, submitter, {("to_submitter", "same_submitter")}),
        (submitter, stranger, {("to_submitter", "another_organisation")}),
        (stranger, submitter, {("from_submitter", "another_organisation")}),
    ):
        with pytest.raises(RefusedError) as refused:
            services.move_by_hand(
                actor=nurse,
                patient=patient,
                from_submitter=left,
                to_submitter=joined,
                effective_at=NOON,
                reason="Ticket 10",
            )
        assert {(refusal.field, refusal.code) for refusal in refused.value.refusals} == expected
    assert_no_trace()


def assert_no_trace() -> None:
    assert not Statement.objects.exists()
    assert not Association.objects.exists()
    assert not AuditEntry.objects.exists()
