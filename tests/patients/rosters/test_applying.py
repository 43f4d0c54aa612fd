"""Rosters applied: who is linked and unlinked, since when, and what follows."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import execute
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource, Observation
from patients.models import (
    Association,
    Patient,
    RosterState,
    Statement,
    StatementConflict,
    StatementSource,
)
from patients.rosters import applying
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON
from tests.patients.rosters.support import (
    SINCE,
    applied,
    counts,
    linked,
    patients,
    roster_of,
    state_active,
    state_inactive,
    step,
)

Work = Callable[[], int]
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def test_missing_patients_are_linked_since_their_time_and_unknown_ones_created(
    submitter: Submitter, work: Work
) -> None:
    factories.patient(submitter.organisation, "p-1")
    roster = roster_of(submitter, {"p-1": SINCE, "p-2": SINCE + DAY})
    assert linked(submitter) == {}
    applied(roster, work)
    assert linked(submitter) == {"p-1": SINCE, "p-2": SINCE + DAY}
    assert counts(roster, "missing", "extra", "in_order", "linked_before") == [2, 0, 0, 0]
    assert not Statement.objects.filter(fulfilled_at=None).exists()
    assert Patient.objects.count() == 2


def test_what_a_roster_states_tells_that_it_came_from_it(submitter: Submitter, work: Work) -> None:
    roster = applied(roster_of(submitter, {"p-1": SINCE}), work)
    [statement] = Statement.objects.all()
    assert (statement.source, statement.job_id) == (StatementSource.ROSTER, roster.job_id)
    assert str(roster.pk) in statement.client_id
    assert statement.received_at == roster.received_at
    assert statement.organisation_id == submitter.organisation_id


@pytest.mark.usefixtures("unguarded")
def test_extra_patients_are_unlinked_as_of_the_roster(submitter: Submitter, work: Work) -> None:
    state_active(submitter, "p-1", "p-2")
    work()
    roster = applied(roster_of(submitter, {"p-1": SINCE}), work)
    assert counts(roster, "missing", "extra", "in_order", "linked_before") == [0, 1, 1, 2]
    [ended] = Association.objects.exclude(dissociated_at=None)
    assert (ended.patient.external_id, ended.dissociated_at) == ("p-2", NOON)


@pytest.mark.parametrize("instant", [NOON, NOON + DAY], ids=["at its very instant", "later"])
def test_what_is_stated_between_comparing_and_applying_stands_too(
    submitter: Submitter, work: Work, instant: datetime
) -> None:
    roster = roster_of(submitter, {"p-1": SINCE, "p-2": SINCE})
    step(roster)
    state_inactive(submitter, "p-1", since=instant)
    applied(roster, work)
    assert counts(roster, "missing", "newer") == [2, 1]
    assert linked(submitter) == {"p-2": SINCE}
    assert Statement.objects.filter(source=StatementSource.ROSTER).count() == 1


def test_a_patient_of_two_submitters_is_compared_with_each_ones_own_list(work: Work, unguarded: None) -> None:
    organisation = factories.organisation()
    one, other = (factories.submitter(organisation) for _ in range(2))
    for submitter in (one, other):
        applied(roster_of(submitter, {"p-1": SINCE, "p-2": SINCE}), work)
    applied(roster_of(one, {"p-2": SINCE}, NOON + DAY), work)
    assert linked(one) == {"p-2": SINCE}
    assert linked(other) == {"p-1": SINCE, "p-2": SINCE}
    assert Patient.objects.count() == 2


def test_another_organisations_patient_of_the_same_external_id_is_not_touched(
    submitter: Submitter, work: Work, unguarded: None
) -> None:
    stranger = factories.submitter()
    state_active(stranger, "p-1", "p-2")
    work()
    applied(roster_of(submitter, {"p-1": SINCE}), work)
    assert linked(stranger) == {"p-1": SINCE, "p-2": SINCE}
    assert Patient.objects.filter(external_id="p-1").count() == 2
    [link] = Association.objects.filter(submitter=submitter)
    assert link.patient.organisation_id == link.organisation_id == submitter.organisation_id


def test_statements_that_wait_are_fulfilled_when_a_roster_speaks_of_their_patients(
    submitter: Submitter,
) -> None:
    state_active(submitter, "p-1", since=SINCE + DAY)
    roster = roster_of(submitter, {"p-1": SINCE})
    while step(roster):
        pass
    assert linked(submitter) == {"p-1": SINCE}
    assert not Statement.objects.filter(fulfilled_at=None).exists()


@pytest.mark.usefixtures("scripts")
def test_measurements_that_waited_for_a_link_count_when_a_roster_brings_it(
    submitter: Submitter, work: Work
) -> None:
    record_measurements(
        organisation_id=submitter.organisation_id,
        readings=[
            factories.reading("p-1"),
            factories.reading("p-2"),
            factories.reading("p-1", measured_at=SINCE - DAY),
        ],
        sender=Sender(MeasurementSource.IMPORT),
    )
    work()
    assert Observation.objects.count() == 0
    applied(roster_of(submitter, {"p-1": SINCE}), work)
    [counted] = Measurement.objects.exclude(association=None)
    assert (counted.patient.external_id, counted.measured_at) == ("p-1", NOON)
    assert Observation.objects.filter(superseded_at=None).count() == 1


@pytest.mark.usefixtures("scripts")
def test_measurements_no_longer_count_from_the_time_on_at_which_a_roster_unlinks(
    submitter: Submitter, work: Work, unguarded: None
) -> None:
    state_active(submitter, "p-1", "p-2")
    record_measurements(
        organisation_id=submitter.organisation_id,
        readings=[factories.reading("p-1", measured_at=NOON + step_ * DAY) for step_ in (-1, 1)],
        sender=Sender(MeasurementSource.IMPORT),
    )
    work()
    assert Measurement.objects.filter(association=None).count() == 0
    applied(roster_of(submitter, {"p-2": SINCE}), work)
    [counted] = Measurement.objects.exclude(association=None)
    assert counted.measured_at == NOON - DAY
    [current] = Observation.objects.filter(superseded_at=None)
    assert current.as_of == NOON - DAY


def test_a_roster_larger_than_a_slice_is_applied_slice_by_slice(
    submitter: Submitter, work: Work, monkeypatch: pytest.MonkeyPatch, unguarded: None
) -> None:
    monkeypatch.setattr(applying, "SLICE", 7)
    applied(roster_of(submitter, patients(20)), work)
    roster = roster_of(submitter, patients(20, start=10), NOON + DAY)
    step(roster)
    seen = []
    while step(roster) and roster.state == RosterState.APPLYING:
        seen.append((roster.done, len(linked(submitter))))
    # The extra ones come first: patients who were known already.
    assert seen == [(7, 13), (14, 14)]
    assert (roster.state, roster.done) == (RosterState.APPLIED, 20)
    assert linked(submitter) == patients(20, start=10)


def test_each_slice_takes_as_many_queries_whatever_its_size(
    submitter: Submitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def queries_of(size: int, start: int) -> list[int]:
        other = factories.submitter()
        roster = roster_of(other, patients(size, start))
        counted, more = [], True
        while more:
            with CaptureQueriesContext(connection) as captured:
                more = step(roster)
            counted.append(len(captured))
        return counted

    assert queries_of(500, 0) == queries_of(2, 1000)


def test_a_patient_who_becomes_known_between_comparing_and_applying_is_linked_all_the_same(
    submitter: Submitter, work: Work
) -> None:
    roster = roster_of(submitter, {"p-1": SINCE, "p-2": SINCE})
    step(roster)
    known = factories.patient(submitter.organisation, "p-2")
    applied(roster, work)
    assert linked(submitter) == {"p-1": SINCE, "p-2": SINCE}
    assert Association.objects.filter(patient=known).count() == 1


def test_a_roster_is_no_conflict_with_what_clients_stated(submitter: Submitter, work: Work) -> None:
    state_active(submitter, "p-1")
    applied(roster_of(submitter, {"p-1": SINCE + DAY}), work)
    assert not StatementConflict.objects.exists()


def test_a_job_that_no_longer_drives_its_roster_leaves_it_alone(submitter: Submitter) -> None:
    roster = roster_of(submitter, {"p-1": SINCE})
    execute("UPDATE patients_roster SET job_id = gen_random_uuid()")
    assert not step(roster)
    assert roster.state == RosterState.COMPARING
