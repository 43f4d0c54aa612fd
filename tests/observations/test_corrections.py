"""Corrections racing against what they correct, on real connections: nothing is missed, and nothing counts that was taken back."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Barrier

import pytest

from clinical_engine.common.database import fetch_all
from clinical_engine.jobs import worker
from observations.intake import Answer, Outcome
from observations.models import Correction, Measurement, Observation
from observations.readings import Reading
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from submitters.models import Submitter
from tests import factories
from tests.observations.facts import record, retract, state
from tests.patients.concurrency import Threads, somebody_waits_for_a_lock, uncommitted, wait_until
from tests.patients.histories import dice

Work = Callable[[], int]
ROUNDS = 60


@pytest.fixture
def submitter(committed_db: None) -> Submitter:
    install_library(scripts=[GLUCOSE_7D])
    owner = factories.submitter()
    state(owner, -10, "s-1")
    return owner


def wrong(name: str = "wrong") -> Reading:
    return factories.reading("p-1", 900, client_id=name)


def right(name: str = "right", replaces: str = "wrong", value: int = 100) -> Reading:
    return factories.reading("p-1", value, client_id=name, replaces=replaces)


def work_off(work: Work) -> None:
    """Until nothing waits: a job whose patient was locked comes back after a moment."""
    wait_until(
        lambda: work() == 0 and not fetch_all("SELECT FROM jobs_job WHERE state <> 'succeeded' LIMIT 1")
    )


def statuses() -> dict[str, str]:
    return dict(Measurement.objects.values_list("client_id", "status"))


def assert_only_these_count(*client_ids: str) -> None:
    final = {name for name, status in statuses().items() if status == "final"}
    assert final == set(client_ids)
    ids = Measurement.objects.filter(client_id__in=client_ids).values_list("id", flat=True)
    latest = Observation.objects.filter(superseded_at=None).latest("as_of")
    assert set(latest.derived_from) == set(ids)
    assert not Correction.objects.filter(applied_at=None).exists()


# Of another patient: those of one patient wait for each other, by the job that they share.
OF_ANOTHER = factories.reading("p-2", 100, client_id="right", replaces="wrong")


@pytest.mark.parametrize("first", ["measurement", "correction"])
def test_a_measurement_and_its_correction_that_do_not_see_each_other_meet_in_the_end(
    submitter: Submitter, work: Work, first: str
) -> None:
    state(submitter, -10, "s-2", external_id="p-2")
    work_off(work)
    sent = [wrong(), OF_ANOTHER]
    early, late = sent if first == "measurement" else sent[::-1]
    with Threads(1) as threads, uncommitted(threads, lambda: record(submitter, early)):
        record(submitter, late)
        # What the late one brought is done before the early one is there to be seen.
        work()
        assert statuses() == {late.client_id: "final"}
    work_off(work)
    assert_only_these_count("right")


@pytest.mark.parametrize("first", ["measurement", "retraction"])
def test_a_measurement_and_its_retraction_that_do_not_see_each_other_meet_in_the_end(
    submitter: Submitter, work: Work, first: str
) -> None:
    record(submitter, right("other", replaces="nothing"))
    work_off(work)
    steps: list[Callable[[], object]] = [
        lambda: record(submitter, wrong()),
        lambda: retract(submitter, "wrong"),
    ]
    early, late = steps if first == "measurement" else steps[::-1]
    with Threads(1) as threads, uncommitted(threads, early):
        late()
        work()
    work_off(work)
    assert statuses() == {"wrong": "entered-in-error", "other": "final"}
    latest = Observation.objects.get(superseded_at=None)
    assert latest.derived_from == [Measurement.objects.get(client_id="other").id]


def test_in_many_rounds_of_everything_at_once_nothing_is_missed(
    submitter: Submitter, work: Work, request: pytest.FixtureRequest
) -> None:
    random = dice(request.config.getoption("randomly_seed"))
    lanes: list[list[Callable[[], object]]] = [[], [], []]
    for number in range(ROUNDS):
        steps: list[Callable[[], object]] = [
            partial(record, submitter, wrong(f"wrong-{number}"), wrong(f"other-{number}")),
            partial(
                record,
                submitter,
                right(f"right-{number}", f"wrong-{number}"),
                right(f"last-{number}", f"right-{number}"),
            ),
            partial(retract, submitter, f"other-{number}"),
        ]
        random.shuffle(steps)
        for lane, step in zip(lanes, steps, strict=True):
            lane.append(step)

    def take(lane: list[Callable[[], object]], together: Barrier) -> None:
        for step in lane:
            together.wait()
            step()

    def keep_working(taking: list[Future[None]], kind: str) -> None:
        while not all(future.done() for future in taking):
            worker.work(kind, "default")

    together = Barrier(3)
    with Threads(5) as threads:
        taking = [threads.start(take, lane, together) for lane in lanes]
        for kind in ("correct", "recompute"):
            threads.start(keep_working, taking, kind)
    work_off(work)
    assert len(statuses()) == 4 * ROUNDS
    assert_only_these_count(*(f"last-{number}" for number in range(ROUNDS)))
    assert fetch_all("SELECT error_class, sqlstate FROM jobs_attempt WHERE outcome <> 'succeeded'") == []


def test_of_two_corrections_of_one_measurement_at_the_same_moment_one_is_refused(
    submitter: Submitter, work: Work
) -> None:
    def send(name: str, together: Barrier) -> Answer:
        together.wait()
        [answer] = record(submitter, right(name))
        return answer

    record(submitter, wrong())
    together = Barrier(2)
    with Threads(2) as threads:
        sending = [threads.start(send, name, together) for name in ("right-1", "right-2")]
    answers = [future.result() for future in sending]
    [winner] = [answer for answer in answers if answer.outcome is not Outcome.REFUSED]
    [refusal] = [refusal for answer in answers for refusal in answer.refusals]
    assert refusal.code == "replaced_already"
    work_off(work)
    assert winner.measurement_id is not None
    assert_only_these_count(Measurement.objects.get(pk=winner.measurement_id).client_id)


def test_one_that_turns_out_to_be_in_conflict_gives_back_what_it_was_about_to_replace(
    submitter: Submitter, work: Work
) -> None:
    record(submitter, wrong("w-1"), wrong("w-2"))
    with Threads(2) as threads:
        with uncommitted(threads, lambda: record(submitter, right("same", "w-1"))):
            second = threads.start(record, submitter, right("same", "w-2"))
            wait_until(somebody_waits_for_a_lock)
        [answer] = second.result()
    assert answer.outcome is Outcome.CONFLICT
    assert [row.target_client_id for row in Correction.objects.all()] == ["w-1"]
    [third] = record(submitter, right("third", "w-2"))
    assert third.outcome is Outcome.HELD
    work_off(work)
    assert statuses() == {"w-1": "replaced", "w-2": "replaced", "same": "final", "third": "final"}


def test_requests_with_the_same_corrections_in_different_orders_do_not_deadlock(
    submitter: Submitter, work: Work
) -> None:
    record(submitter, *(wrong(f"wrong-{number}") for number in range(200)))

    def send(seed: int, together: Barrier) -> list[Outcome]:
        sent = [right(f"right-{number}", f"wrong-{number}", number) for number in range(200)]
        dice(seed).shuffle(sent)
        together.wait()
        return [answer.outcome for answer in record(submitter, *sent)]

    together = Barrier(3)
    with Threads(3) as threads:
        sending = [threads.start(send, seed, together) for seed in range(3)]
    outcomes = [outcome for future in sending for outcome in future.result()]
    assert outcomes.count(Outcome.DUPLICATE) == 400
    assert outcomes.count(Outcome.CONFLICT) == outcomes.count(Outcome.REFUSED) == 0
    work_off(work)
    assert_only_these_count(*(f"right-{number}" for number in range(200)))
