"""Facts come in: an answer for each, nothing of a refused one stored, everything else for good."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as clock

from clinical_engine.common.database import fetch_all
from patients.models import FactConflict, FactSource, FactStatus, Patient, PatientFact
from patients.selectors import all_facts_of
from patients.services.facts import AcceptedFact, FactOrigin, record_facts
from submitters.models import Organisation
from tests import factories
from tests.budgets import queries_of
from tests.factories import NOON, days
from tests.patients.facts.support import fact, held_at, outcomes, reasons, record, retract, standing

LONG_AGO = datetime(1950, 1, 1, tzinfo=UTC)


@pytest.fixture
def organisation(db: None) -> Organisation:
    return factories.organisation()


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("sex", "female", "female"),
        ("sex", "male", "male"),
        ("sex", "other", "other"),
        ("birth_year", 1880, "1880"),
        ("birth_year", 1999, "1999"),
        ("birth_year", 2100, "2100"),
        ("spo2_scale", 1, "1"),
        ("spo2_scale", 2, "2"),
    ],
)
def test_a_fact_is_stored_as_it_was_said(
    organisation: Organisation, name: str, value: str | int, stored: str
) -> None:
    [answer] = record(organisation, fact(name, value, LONG_AGO))
    assert outcomes([answer]) == ["accepted"]
    [kept] = standing()
    assert (kept.name, kept.value, kept.effective_from) == (name, stored, LONG_AGO)
    assert PatientFact.objects.get(pk=kept.id).plain_value == value


def test_a_fact_of_an_unknown_patient_makes_the_patient_known_and_not_linked(
    organisation: Organisation,
) -> None:
    [answer] = record(organisation, fact(external_id="new"))
    patient = Patient.objects.get(external_id="new")
    assert isinstance(answer, AcceptedFact)
    assert (answer.patient_id, patient.organisation_id) == (patient.pk, organisation.pk)
    assert not patient.associations.exists()


def test_where_a_fact_came_from_is_kept(organisation: Organisation) -> None:
    member = factories.user()
    origin = FactOrigin(FactSource.STAFF, actor_id=member.pk, reason="As the letter says")
    record_facts(organisation_id=organisation.pk, facts=[fact()], origin=origin)
    kept = PatientFact.objects.get()
    assert (kept.source, kept.actor, kept.reason) == ("staff", member, "As the letter says")


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("sex", "f", ("value", "unknown_value")),
        ("sex", "Female", ("value", "unknown_value")),
        ("sex", 1, ("value", "unknown_value")),
        ("sex", None, ("value", "unknown_value")),
        ("sex", [], ("value", "unknown_value")),
        ("birth_year", 1879, ("value", "out_of_range")),
        ("birth_year", 2101, ("value", "out_of_range")),
        ("birth_year", -1950, ("value", "out_of_range")),
        ("birth_year", 10**30, ("value", "out_of_range")),
        ("birth_year", "1950", ("value", "not_a_whole_number")),
        ("birth_year", 1950.0, ("value", "not_a_whole_number")),
        ("birth_year", {"year": 1950}, ("value", "not_a_whole_number")),
        ("spo2_scale", 0, ("value", "out_of_range")),
        ("spo2_scale", 3, ("value", "out_of_range")),
        ("spo2_scale", True, ("value", "not_a_whole_number")),
        ("height", 170, ("name", "unknown_fact")),
        ("", 170, ("name", "unknown_fact")),
    ],
)
def test_what_is_no_such_fact_is_refused(
    organisation: Organisation, name: str, value: object, refusal: tuple[str, str]
) -> None:
    [answer] = record(organisation, fact(name, value))
    assert reasons(answer) == [refusal]
    assert not PatientFact.objects.exists()
    assert not Patient.objects.exists()


def test_every_reason_is_named_and_no_value_repeated(organisation: Organisation) -> None:
    wrong = fact("birth_year", 1234, datetime(1850, 1, 1, tzinfo=UTC), client_id="", external_id=" x")
    [answer] = record(organisation, wrong)
    assert reasons(answer) == [
        ("client_id", "empty"),
        ("external_id", "not_printable"),
        ("effective_from", "too_early"),
        ("value", "out_of_range"),
    ]
    assert "1234" not in str(answer)


@pytest.mark.parametrize(
    ("since", "code"),
    [
        (datetime(2026, 3, 1), "time_zone_missing"),  # noqa: DTZ001 - what is wrong with it
        (datetime(1899, 12, 31, tzinfo=UTC), "too_early"),
        (datetime(2200, 1, 1, tzinfo=UTC), "in_the_future"),
    ],
)
def test_a_time_that_cannot_be_is_refused(organisation: Organisation, since: datetime, code: str) -> None:
    [answer] = record(organisation, fact(since=since))
    assert reasons(answer) == [("effective_from", code)]


def test_a_refused_fact_does_not_touch_its_neighbours(organisation: Organisation) -> None:
    said = [fact(client_id="a"), fact(value="?", client_id="b"), fact("birth_year", 1950, client_id="c")]
    assert outcomes(record(organisation, *said)) == ["accepted", "refused", "accepted"]
    assert {row.client_id for row in PatientFact.objects.all()} == {"a", "c"}


def test_the_same_again_is_a_duplicate_however_its_time_is_written(organisation: Organisation) -> None:
    [first] = record(organisation, fact(client_id="a"))
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    [second] = record(organisation, fact(client_id="a", since=elsewhere))
    assert isinstance(first, AcceptedFact)
    assert isinstance(second, AcceptedFact)
    assert (second.outcome, second.fact_id, second.patient_id) == (
        "duplicate",
        first.fact_id,
        first.patient_id,
    )
    assert PatientFact.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"value": "male"},
        {"name": "birth_year", "value": 1950},
        {"since": NOON - days(1)},
        {"external_id": "p-2"},
    ],
    ids=["value", "name", "time", "patient"],
)
def test_other_content_under_a_used_client_id_is_a_conflict_kept_once(
    organisation: Organisation, changed: dict[str, object]
) -> None:
    [first] = record(organisation, fact(client_id="a"))
    assert isinstance(first, AcceptedFact)
    for _ in range(2):
        [answer] = record(organisation, fact(**{"client_id": "a", **changed}))  # type: ignore[arg-type]
        assert isinstance(answer, AcceptedFact)
        assert (answer.outcome, answer.fact_id) == ("conflict", first.fact_id)
    assert [(row.name, row.value) for row in standing()] == [("sex", "female")]
    conflict = FactConflict.objects.get()
    assert (conflict.fact_id, conflict.organisation) == (first.fact_id, organisation)


def test_of_two_with_one_client_id_in_a_request_the_first_counts(organisation: Organisation) -> None:
    said = [fact(client_id="a"), fact(client_id="a", value="male"), fact(client_id="a")]
    assert outcomes(record(organisation, *said)) == ["accepted", "conflict", "duplicate"]
    assert [row.value for row in standing()] == ["female"]


def test_organisations_have_client_ids_and_patients_of_their_own(organisation: Organisation) -> None:
    other = factories.organisation()
    record(organisation, fact(client_id="a"))
    assert outcomes(record(other, fact(client_id="a", value="male"))) == ["accepted"]
    assert Patient.objects.count() == 2


def test_the_last_fact_that_was_effective_by_a_time_holds_at_it_and_none_before_the_first(
    organisation: Organisation,
) -> None:
    record(
        organisation,
        fact("spo2_scale", 2, NOON, client_id="b"),
        fact("spo2_scale", 1, NOON - days(10), client_id="c"),
        fact("birth_year", 1950, LONG_AGO),
    )
    patient = Patient.objects.get().pk
    assert held_at(NOON - days(11), patient) == {"birth_year": "1950"}
    assert held_at(NOON - days(10), patient) == {"birth_year": "1950", "spo2_scale": "1"}
    assert held_at(NOON, patient) == {"birth_year": "1950", "spo2_scale": "2"}


def test_of_two_that_begin_at_one_instant_the_one_with_the_later_client_id_holds(
    organisation: Organisation,
) -> None:
    # By code points, as Python sorts, whatever the database's own collation: 'a' comes after 'Z'.
    record(organisation, fact("spo2_scale", 2, client_id="a"), fact("spo2_scale", 1, client_id="Z"))
    assert held_at(NOON, Patient.objects.get().pk) == {"spo2_scale": "2"}


def test_a_fact_that_was_entered_in_error_counts_no_longer_and_stays_readable(
    organisation: Organisation,
) -> None:
    record(organisation, fact("spo2_scale", 1, NOON - days(1), client_id="a"))
    record(organisation, fact("spo2_scale", 2, client_id="b"))
    assert retract(organisation, "b")
    assert [row.value for row in standing()] == ["1"]
    shown = {row.client_id: row.status for row in all_facts_of(Patient.objects.get())}
    assert shown == {"a": FactStatus.HOLDS, "b": FactStatus.ENTERED_IN_ERROR}


def test_entered_in_error_may_be_said_before_the_fact_comes_in(organisation: Organisation) -> None:
    assert retract(organisation, "a")
    assert outcomes(record(organisation, fact(client_id="a"))) == ["accepted"]
    assert standing() == []


def test_said_twice_the_first_reason_stands(organisation: Organisation) -> None:
    record(organisation, fact(client_id="a"))
    assert retract(organisation, "a", "Wrong person")
    assert not retract(organisation, "a", "Wrong year")
    assert fetch_all("SELECT reason FROM patients_factretraction") == [("Wrong person",)]


def test_another_organisation_cannot_take_a_fact_back(organisation: Organisation) -> None:
    record(organisation, fact(client_id="a"))
    retract(factories.organisation(), "a")
    assert len(standing()) == 1


def test_the_status_as_of_now_knows_past_present_and_coming_facts(organisation: Organisation) -> None:
    record(organisation, fact("spo2_scale", 1, NOON - days(2), client_id="past"))
    record(organisation, fact("spo2_scale", 2, NOON - days(1), client_id="present"))
    record(organisation, fact("spo2_scale", 1, clock.now() + timedelta(minutes=5), client_id="coming"))
    shown = [(row.client_id, row.status) for row in all_facts_of(Patient.objects.get())]
    assert shown == [
        ("coming", FactStatus.STANDS),
        ("present", FactStatus.HOLDS),
        ("past", FactStatus.STANDS),
    ]


@pytest.mark.parametrize("is_known", [False, True], ids=["new", "known"])
def test_a_thousand_facts_take_as_many_queries_as_one(organisation: Organisation, *, is_known: bool) -> None:
    def send(number: int, prefix: str) -> int:
        said = [
            fact(client_id=f"{prefix}{n}", external_id=f"{prefix}{n}", value="male") for n in range(number)
        ]
        if is_known:
            record(organisation, *said)
        return queries_of(lambda: record(organisation, *said))

    assert send(1, "few-") == send(1000, "many-")
