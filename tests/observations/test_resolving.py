"""Conflicts resolved by staff: for good, by one person, all or nothing."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from observations.intake import Outcome, Sender, enter_in_error, record_measurements
from observations.intake.resolving import client_id_of_second, keep_first, take_second
from observations.models import Code, Measurement, MeasurementConflict, MeasurementSource, Observation
from observations.readings import Component, Reading
from patients.services import activate
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days

Work = Callable[[], int]
BY_IMPORT = Sender(MeasurementSource.IMPORT)
WHY = "ticket 12: the ward confirmed it"


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


@pytest.fixture
def actor(db: None) -> User:
    return factories.user()


def take_in(submitter: Submitter, *readings: Reading) -> list[Outcome]:
    answers = record_measurements(
        organisation_id=submitter.organisation_id, readings=readings, sender=BY_IMPORT
    )
    return [answer.outcome for answer in answers]


def state_active(submitter: Submitter, *patients: str) -> None:
    said = [factories.statement(patient, NOON - days(30)) for patient in patients]
    activate(submitter=submitter, statements=said, origin=factories.BY_IMPORT)


def conflict_of(submitter: Submitter, second: Any = "140", **fields: Any) -> MeasurementConflict:
    """A reading of 100 for p-1, and another content under the same client id."""
    take_in(submitter, factories.reading("p-1", "100", client_id="a"))
    later = factories.reading(fields.pop("patient", "p-1"), second, client_id="a", **fields)
    assert take_in(submitter, later) == [Outcome.CONFLICT]
    return MeasurementConflict.objects.latest("pk")


def by_client_id(client_id: str) -> Measurement:
    return Measurement.objects.get(client_id=client_id)


def means(patient: str = "p-1") -> list[float]:
    rows = Observation.objects.filter(superseded_at=None, patient__external_id=patient).order_by("as_of")
    return [row.value["mean"] for row in rows if row.value]


def test_the_first_stands_and_who_when_and_why_is_kept(submitter: Submitter, actor: User, work: Work) -> None:
    conflict = conflict_of(submitter)
    work()
    keep_first(actor=actor, conflict_id=conflict.pk, reason=WHY)
    assert work() == 0
    conflict.refresh_from_db()
    assert (conflict.resolution, conflict.resolved_by, conflict.resolved_because) == (
        "kept-first",
        actor,
        WHY,
    )
    assert conflict.resolved_at is not None
    assert by_client_id("a").status == "final"
    assert Measurement.objects.count() == 1


@pytest.mark.usefixtures("scripts")
def test_the_second_becomes_a_measurement_that_replaces_the_first(
    submitter: Submitter, actor: User, work: Work
) -> None:
    state_active(submitter, "p-1")
    conflict = conflict_of(submitter, "140.50")
    work()
    assert means() == [100.0]
    taken = Measurement.objects.get(pk=take_second(actor=actor, conflict_id=conflict.pk, reason=WHY))
    work()
    assert means() == [140.5]
    assert by_client_id("a").status == "replaced"
    assert (taken.client_id, taken.replaces, taken.source) == (
        f"resolved-{conflict.pk}-{conflict.measurement_id}",
        "a",
        "staff",
    )
    assert str(taken.value_quantity) == "140.50"
    conflict.refresh_from_db()
    assert (conflict.resolution, conflict.resolved_by) == ("took-second", actor)


def test_the_time_keeps_the_offset_that_the_second_was_sent_with(submitter: Submitter, actor: User) -> None:
    summer = NOON.astimezone(factories.organisation(time_zone="America/St_Johns").zone) + timedelta(hours=1)
    conflict = conflict_of(submitter, "140", measured_at=summer)
    taken = Measurement.objects.get(pk=take_second(actor=actor, conflict_id=conflict.pk, reason=WHY))
    assert taken.local_measured_at.isoformat() == summer.isoformat()


@pytest.mark.usefixtures("scripts")
def test_the_second_of_another_patient_counts_for_that_patient(
    submitter: Submitter, actor: User, work: Work
) -> None:
    state_active(submitter, "p-1", "p-2")
    conflict = conflict_of(submitter, patient="p-2")
    work()
    take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    work()
    assert means("p-1") == []
    assert means("p-2") == [140.0]


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [("patient-note", "slept well", "slept badly\nwith pain"), ("44250-9", "LA6568-5", "LA6571-9")],
)
def test_texts_and_answers_are_taken_as_they_were_sent(
    submitter: Submitter, actor: User, code: str, first: str, second: str
) -> None:
    for value in (first, second):
        take_in(submitter, Reading("a", "p-1", code, value, None, NOON))
    conflict = MeasurementConflict.objects.get()
    taken = Measurement.objects.get(pk=take_second(actor=actor, conflict_id=conflict.pk, reason=WHY))
    assert second in {taken.value_text, taken.value_answer}


def test_components_are_taken_with_every_digit_that_was_sent(submitter: Submitter, actor: User) -> None:
    for systolic in ("120", "121.100000000000000000"):
        parts = (
            Component("8480-6", Decimal(systolic), "mm[Hg]"),
            Component("8462-4", Decimal("80.0"), "mm[Hg]"),
        )
        take_in(submitter, Reading("a", "p-1", "85354-9", parts, None, NOON))
    conflict = MeasurementConflict.objects.get()
    taken = take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    [(text,)] = fetch_all("SELECT components::text FROM observations_measurement WHERE id = %s", [taken])
    stored = json.loads(text, parse_float=Decimal)
    assert str(stored["8480-6"]["quantity"]) == "121.100000000000000000"
    assert str(stored["8462-4"]["quantity"]) == "80.0"


def test_it_is_resolved_once(submitter: Submitter, actor: User) -> None:
    conflict = conflict_of(submitter)
    keep_first(actor=actor, conflict_id=conflict.pk, reason=WHY)
    for service in (keep_first, take_second):
        with pytest.raises(NotAllowedNowError, match="Somebody resolved this conflict before"):
            service(actor=factories.user(), conflict_id=conflict.pk, reason="another")
    conflict.refresh_from_db()
    assert (conflict.resolved_by, conflict.resolved_because) == (actor, WHY)
    assert Measurement.objects.count() == 1


def test_when_the_first_was_replaced_meanwhile_nothing_changes(submitter: Submitter, actor: User) -> None:
    conflict = conflict_of(submitter)
    take_in(submitter, factories.reading("p-1", "101", replaces="a"))
    with pytest.raises(RefusedError, match="Another measurement replaces that one"):
        take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    conflict.refresh_from_db()
    assert conflict.resolved_at is None
    assert not AuditEntry.objects.exists()
    keep_first(actor=actor, conflict_id=conflict.pk, reason=WHY)


def test_when_the_catalogue_takes_the_second_no_longer_nothing_changes(
    submitter: Submitter, actor: User
) -> None:
    conflict = conflict_of(submitter, "7", unit="mmol/L")
    Code.objects.get(code="2339-0").units.filter(unit="mmol/L").delete()
    with pytest.raises(RefusedError):
        take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    conflict.refresh_from_db()
    assert conflict.resolved_at is None
    assert Measurement.objects.count() == 1


def test_when_a_sender_uses_the_id_of_the_second_nothing_changes(submitter: Submitter, actor: User) -> None:
    conflict = conflict_of(submitter)
    take_in(submitter, factories.reading("p-9", client_id=client_id_of_second(conflict)))
    with pytest.raises(NotAllowedNowError, match="is there already"):
        take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    conflict.refresh_from_db()
    assert conflict.resolved_at is None


def test_of_two_conflicts_about_one_measurement_only_one_second_is_taken(
    submitter: Submitter, actor: User
) -> None:
    one, other = conflict_of(submitter, "140"), conflict_of(submitter, "150")
    take_second(actor=actor, conflict_id=one.pk, reason=WHY)
    with pytest.raises(RefusedError):
        take_second(actor=actor, conflict_id=other.pk, reason=WHY)
    keep_first(actor=actor, conflict_id=other.pk, reason=WHY)


@pytest.mark.usefixtures("scripts")
def test_what_the_second_was_to_replace_counts_no_longer_either(
    submitter: Submitter, actor: User, work: Work
) -> None:
    state_active(submitter, "p-1")
    take_in(submitter, factories.reading("p-1", "300", client_id="x"))
    conflict = conflict_of(submitter, "140", replaces="x")
    work()
    take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    work()
    assert means() == [140.0]
    assert by_client_id("x").status == "entered-in-error"


def test_the_second_of_what_was_entered_in_error_can_be_taken(
    submitter: Submitter, actor: User, work: Work
) -> None:
    conflict = conflict_of(submitter)
    enter_in_error(
        organisation_id=submitter.organisation_id, client_id="a", reason="wrong arm", sender=BY_IMPORT
    )
    work()
    taken = take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    work()
    assert by_client_id("a").status == "entered-in-error"
    assert Measurement.objects.get(pk=taken).status == "final"


def test_the_trail_tells_of_it_at_the_conflict_and_at_the_measurement(
    submitter: Submitter, actor: User
) -> None:
    conflict = conflict_of(submitter)
    taken = take_second(actor=actor, conflict_id=conflict.pk, reason=WHY)
    entries = {entry.target_type: entry for entry in AuditEntry.objects.all()}
    assert {entry.action for entry in entries.values()} == {"measurement_conflict.take_second"}
    assert {entry.reason for entry in entries.values()} == {WHY}
    assert entries["measurement_conflict"].details == {"measurement": str(taken)}
    assert entries["measurement"].target_id == str(conflict.measurement_id)
    assert entries["measurement"].organisation_id == submitter.organisation_id


@pytest.mark.usefixtures("committed_db")
def test_of_two_people_at_once_one_resolves_it() -> None:
    submitter, people = factories.submitter(), [factories.user(), factories.user()]
    conflict = conflict_of(submitter)
    begin, ended = threading.Barrier(2, timeout=60), []

    def resolve(actor: User, service: Callable[..., object]) -> None:
        begin.wait()
        try:
            service(actor=actor, conflict_id=conflict.pk, reason=WHY)
            ended.append("resolved")
        except NotAllowedNowError:
            ended.append("too late")
        finally:
            connection.close()

    both = [
        threading.Thread(target=resolve, args=(actor, service))
        for actor, service in zip(people, (keep_first, take_second), strict=True)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(timeout=60)
    assert sorted(ended) == ["resolved", "too late"]
    conflict.refresh_from_db()
    assert Measurement.objects.count() == (2 if conflict.resolution == "took-second" else 1)
    assert set(AuditEntry.objects.values_list("actor_id", flat=True)) == {conflict.resolved_by_id}
