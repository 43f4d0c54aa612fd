"""Bringing associations in line with the statements: any job, in any order, any number of times, however late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import fetch_all
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from observations.intake import Sender, record_measurements
from observations.models import Measurement, MeasurementSource, Observation
from patients import folding, registry, services
from patients.models import Association, Statement
from patients.periods import Period
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT
from tests.patients.histories import at

Work = Callable[[], int]


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is rolled back: one example does not see another's rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def say(
    submitter: Submitter, *, active: bool, minute: float, external_id: str = "p-1", client_id: str
) -> UUID:
    accept = services.activate if active else services.deactivate
    said = factories.statement(external_id, at(minute), client_id)
    [answer] = accept(submitter=submitter, statements=[said], origin=BY_IMPORT)
    return answer.statement_id


def periods_of(submitter: Submitter, external_id: str = "p-1") -> list[Period]:
    rows = Association.objects.filter(submitter=submitter, patient__external_id=external_id)
    return [Period(row.associated_at, row.dissociated_at) for row in rows.order_by("associated_at")]


def table() -> list[tuple[object, ...]]:
    return list(Association.objects.order_by("id").values_list())


@pytest.mark.django_db
def test_an_activation_links_and_is_fulfilled_by_it(work: Work) -> None:
    submitter = factories.submitter()
    say(submitter, active=True, minute=0, client_id="a")
    assert periods_of(submitter) == []
    work()
    assert periods_of(submitter) == [Period(at(0), None)]
    statement = Statement.objects.get()
    assert statement.fulfilled_at is not None
    assert statement.due_at - statement.received_at == timedelta(minutes=5)
    assert Association.objects.get().organisation_id == submitter.organisation_id


@pytest.mark.django_db
def test_a_rerun_activation_never_undoes_a_newer_deactivation(work: Work) -> None:
    submitter = factories.submitter()
    first = say(submitter, active=True, minute=0, client_id="a")
    work()
    say(submitter, active=False, minute=5, client_id="b")
    work()
    before = table()
    folding.fold_periods(statement_ids=[first])
    assert table() == before
    assert periods_of(submitter) == [Period(at(0), at(5))]


@pytest.mark.django_db
def test_a_late_activation_begins_the_period_earlier(work: Work) -> None:
    submitter = factories.submitter()
    say(submitter, active=True, minute=5, client_id="a")
    work()
    say(submitter, active=True, minute=0, client_id="b")
    work()
    assert periods_of(submitter) == [Period(at(0), None)]


@pytest.mark.django_db
def test_a_statement_between_two_others_splits_the_period(work: Work) -> None:
    submitter = factories.submitter()
    for client_id, minute, active in (("a", 0, True), ("b", 8, False), ("c", 5, True), ("d", 3, False)):
        say(submitter, active=active, minute=minute, client_id=client_id)
        work()
    assert periods_of(submitter) == [Period(at(0), at(3)), Period(at(5), at(8))]


@pytest.mark.django_db
def test_an_activation_undone_at_its_own_instant_leaves_no_period_but_both_are_fulfilled(work: Work) -> None:
    submitter = factories.submitter()
    say(submitter, active=True, minute=0, client_id="a")
    work()
    say(submitter, active=False, minute=0, client_id="b")
    work()
    assert periods_of(submitter) == []
    assert not Statement.objects.filter(fulfilled_at=None).exists()


@pytest.mark.django_db
def test_one_job_fulfils_every_statement_of_its_pair() -> None:
    submitter = factories.submitter()
    first = say(submitter, active=True, minute=0, client_id="a")
    say(submitter, active=False, minute=5, client_id="b")
    other = say(submitter, active=True, minute=0, external_id="p-2", client_id="c")
    folding.fold_periods(statement_ids=[first])
    assert list(Statement.objects.filter(fulfilled_at=None).values_list("id", flat=True)) == [other]


@pytest.mark.django_db
def test_one_job_brings_all_pairs_of_its_patient_in_line_so_that_who_moves_is_never_with_both_or_none() -> (
    None
):
    organisation = factories.organisation()
    old, new = (factories.submitter(organisation) for _ in range(2))
    first = say(old, active=True, minute=0, client_id="a")
    folding.fold_periods(statement_ids=[first])
    moved = services.move(
        from_submitter=old,
        to_submitter=new,
        statement=factories.statement("p-1", at(5), "b"),
        origin=BY_IMPORT,
    )
    folding.fold_periods(statement_ids=[moved.joined.statement_id])
    assert periods_of(old) == [Period(at(0), at(5))]
    assert periods_of(new) == [Period(at(5), None)]
    assert not Statement.objects.filter(fulfilled_at=None).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("smaller", "larger"), [("Z", "a"), ("a-b", "a_"), ("a b", "a-"), ("z", "ä"), ("10", "9"), ("a", "a0")]
)
def test_at_one_instant_client_ids_sort_by_their_characters_whatever_the_databases_collation(
    smaller: str, larger: str
) -> None:
    submitter = factories.submitter()
    for patient, last_says_active in (("p-1", True), ("p-2", False)):
        ids = [
            say(
                submitter,
                active=active,
                minute=0,
                external_id=patient,
                client_id=f"{client_id}{'.' if last_says_active else ','}",
            )
            for client_id, active in ((larger, last_says_active), (smaller, not last_says_active))
        ]
        folding.fold_periods(statement_ids=ids)
    assert periods_of(submitter, "p-1") == [Period(at(0), None)]
    assert periods_of(submitter, "p-2") == []


@pytest.mark.django_db
def test_when_a_statement_was_fulfilled_does_not_change_when_its_job_runs_again(work: Work) -> None:
    submitter = factories.submitter()
    first = say(submitter, active=True, minute=0, client_id="a")
    work()
    fulfilled_at = Statement.objects.get().fulfilled_at
    folding.fold_periods(statement_ids=[first])
    assert Statement.objects.get().fulfilled_at == fulfilled_at


@pytest.mark.django_db
def test_nothing_to_fold_is_nothing_done() -> None:
    folding.fold_periods(statement_ids=[])
    folding.fold_periods(statement_ids=[UUID(int=7)])
    assert table() == []


@pytest.mark.usefixtures("scripts")
def test_an_association_that_vanishes_frees_its_measurements_and_supersedes_their_results(work: Work) -> None:
    submitter = factories.submitter()
    record_measurements(
        organisation_id=submitter.organisation_id,
        readings=[factories.reading("p-1", measured_at=at(3))],
        sender=Sender(MeasurementSource.IMPORT),
    )
    say(submitter, active=True, minute=0, client_id="a")
    work()
    assert Measurement.objects.get().association == Association.objects.get()
    assert Observation.objects.get().superseded_at is None
    say(submitter, active=False, minute=0, client_id="b")
    work()
    assert Measurement.objects.get().association_id is None
    observation = Observation.objects.get()
    assert observation.superseded_at is not None
    assert observation.superseded_because == "its measurement no longer counts"


@pytest.mark.usefixtures("scripts")
def test_a_measurement_whose_association_gives_way_to_an_earlier_one_is_covered_by_that(work: Work) -> None:
    submitter = factories.submitter()
    record_measurements(
        organisation_id=submitter.organisation_id,
        readings=[factories.reading("p-1", measured_at=at(minute)) for minute in (1, 6)],
        sender=Sender(MeasurementSource.IMPORT),
    )
    say(submitter, active=True, minute=5, client_id="a")
    work()
    assert Measurement.objects.filter(association=None).count() == 1
    say(submitter, active=True, minute=0, client_id="b")
    work()
    association = Association.objects.get()
    assert set(Measurement.objects.values_list("association_id", flat=True)) == {association.id}


@pytest.mark.django_db
def test_two_hundred_pairs_take_as_many_statements_as_one() -> None:
    def queries_for(pairs: int, *, prefix: str) -> list[int]:
        """For linking, for unlinking, for moving the beginning, and for nothing to do."""
        submitter = factories.submitter()
        counts = []
        for client_id, kind, minute in (
            ("a", services.activate, 5),
            ("b", services.deactivate, 8),
            ("c", services.activate, 0),
        ):
            said = [
                factories.statement(f"{prefix}-{number}", at(minute), f"{prefix}-{number}-{client_id}")
                for number in range(pairs)
            ]
            answers = kind(submitter=submitter, statements=said, origin=BY_IMPORT)
            ids = [answer.statement_id for answer in answers]
            with CaptureQueriesContext(connection) as captured:
                folding.fold_periods(statement_ids=ids)
            counts.append(len(captured))
        with CaptureQueriesContext(connection) as captured:
            folding.fold_periods(statement_ids=ids)
        assert (
            Association.objects.filter(submitter=submitter, associated_at=at(0), dissociated_at=at(8)).count()
            == pairs
        )
        return [*counts, len(captured)]

    assert queries_for(200, prefix="many") == queries_for(1, prefix="one")


@pytest.mark.usefixtures("committed_db")
def test_a_job_that_names_no_statement_or_one_of_another_patient_does_not_look_as_if_it_were_done(
    work: Work,
) -> None:
    submitter = factories.submitter()
    say(submitter, active=True, minute=0, client_id="mine")
    work()
    mine = Statement.objects.get()
    other = factories.patient(submitter.organisation, "p-2")
    about = {"organisation_id": submitter.organisation_id, "submitter_id": submitter.pk}
    jobs = [
        ledger.NewJob({"statement_id": str(new_id())}, patient_id=mine.patient_id, **about),
        ledger.NewJob({"statement_id": str(mine.pk)}, patient_id=other.pk, **about),
        ledger.NewJob({"statement_id": str(mine.pk)}, patient_id=mine.patient_id, **about),
    ]
    ledger.enqueue("associate", jobs)
    work()
    ends = dict(fetch_all("SELECT id, state || ': ' || error FROM jobs_job"))
    assert [ends[job.id] for job in jobs] == [
        "dead: PermanentError There is no such statement.",
        "dead: PermanentError The statement is not about the job's patient and submitter.",
        "succeeded: ",
    ]


@pytest.mark.django_db
def test_a_statement_that_comes_in_while_its_patient_is_folded_is_not_taken_for_fulfilled(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitter = factories.submitter()
    first = say(submitter, active=True, minute=0, client_id="a")
    other = factories.submitter(submitter.organisation)
    # Listeners are told between the comparison and what follows from it.
    monkeypatch.setattr(registry, "_listeners", [lambda _: say(other, active=True, minute=1, client_id="b")])
    folding.fold_periods(statement_ids=[first])
    waiting = Statement.objects.filter(fulfilled_at=None)
    assert list(waiting.values_list("client_id", flat=True)) == ["b"]
    monkeypatch.undo()
    work()
    assert not waiting.exists()
    assert periods_of(other) == [Period(at(1), None)]
