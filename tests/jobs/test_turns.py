"""A kind with a turn does slice after slice in one ring, until its turn is over; then it rings, and others get through."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.jobs import rings, worker
from clinical_engine.jobs.models import Attempt
from clinical_engine.jobs.registry import ClaimedJob, Handled
from clinical_engine.running.processes import wait_until
from patients.locks import lock_patients
from patients.models import Association, Roster
from patients.rosters import applying
from patients.services import activate
from tests import factories
from tests.factories import BY_IMPORT
from tests.jobs.support import (
    RegisterKind,
    attempts_of,
    enqueue,
    job_of,
    make_due,
    other_connection,
    states_of,
)
from tests.patients.concurrency import Threads, uncommitted
from tests.patients.rosters.support import patients, roster_of
from tests.workers import running_worker

pytestmark = pytest.mark.usefixtures("committed_db")
LONG, SHORT = timedelta(minutes=1), timedelta(microseconds=1)
Rung = list[tuple[str, bool]]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> Rung:
    """(kind, suspects?) of each ring, which reaches nobody."""
    heard: Rung = []

    def ring(kind: str, queue: str, *, suspects: bool = False, **_: object) -> None:
        heard.append((kind, suspects))

    monkeypatch.setattr(rings, "ring", ring)
    return heard


def slices(number: int, seen: list[str] | None = None) -> Callable[[Sequence[ClaimedJob]], Handled]:
    """A handler whose jobs have that many slices; what `seen` gets is how commits of each of them are flushed."""

    def handle(batch: Sequence[ClaimedJob]) -> Handled:
        if seen is not None:
            seen.append(flushing())
        done = {job.id: (job.cursor or 0) + 1 for job in batch}
        return Handled(continued={key: cursor for key, cursor in done.items() if cursor < number})

    return handle


def flushing() -> str:
    [(value,)] = fetch_all("SHOW synchronous_commit")
    return str(value)


def test_a_job_does_all_its_slices_in_one_ring_while_its_turn_lasts(
    new_kind: RegisterKind, rung: Rung
) -> None:
    kind = new_kind(slices(5), turn=LONG, batch_size=1)
    [job_id] = enqueue(kind, 1)
    rung.clear()
    assert worker.work(kind.name, kind.queue) == 5
    assert states_of([job_id]) == ["succeeded"]
    assert [attempt.outcome for attempt in attempts_of(job_id)] == ["continues"] * 4 + ["succeeded"]
    assert rung == []


def test_when_its_turn_is_over_it_rings_and_lets_others_through(new_kind: RegisterKind, rung: Rung) -> None:
    kind = new_kind(slices(3), turn=SHORT, batch_size=1)
    [job_id] = enqueue(kind, 1)
    for number in range(1, 3):
        rung.clear()
        assert worker.work(kind.name, kind.queue) == 1
        assert rung == [(kind.name, False)]
        assert (job_of(job_id).state, job_of(job_id).cursor) == ("available", number)
    assert worker.work(kind.name, kind.queue) == 1
    assert states_of([job_id]) == ["succeeded"]


def test_a_kind_without_a_turn_rings_after_each_slice(new_kind: RegisterKind, rung: Rung) -> None:
    kind = new_kind(slices(2), batch_size=1)
    [job_id] = enqueue(kind, 1)
    rung.clear()
    assert worker.work(kind.name, kind.queue) == 2
    assert (kind.name, False) in rung
    assert states_of([job_id]) == ["succeeded"]


def test_several_long_jobs_take_their_slices_in_turns(new_kind: RegisterKind, rung: Rung) -> None:
    kind = new_kind(slices(3), turn=LONG, batch_size=1)
    job_ids = enqueue(kind, 1, 2)
    assert worker.work(kind.name, kind.queue) == 6
    order = list(Attempt.objects.filter(job_id__in=job_ids).order_by("id").values_list("job_id", flat=True))
    assert order[0::2] == [order[0]] * 3
    assert order[1::2] == [order[1]] * 3
    assert order[0] != order[1]


def test_commits_are_not_flushed_one_by_one_during_a_turn_and_are_again_after_it(
    new_kind: RegisterKind,
) -> None:
    usual, seen = flushing(), list[str]()
    assert usual == "on"
    kind, other = new_kind(slices(2, seen), turn=LONG), new_kind(slices(1, seen))
    enqueue(kind, 1)
    enqueue(other, 1)
    worker.work(kind.name, kind.queue)
    assert (seen, flushing()) == (["off", "off"], usual)
    worker.work(other.name, other.queue)
    assert seen[2:] == [usual]


def test_commits_are_flushed_as_usual_again_after_an_error(new_kind: RegisterKind) -> None:
    def fail_in_the_database(_: Sequence[ClaimedJob]) -> None:
        execute("SELECT 1 / 0")

    kind = new_kind(fail_in_the_database, turn=LONG)
    [job_id] = enqueue(kind, 1)
    worker.work(kind.name, kind.queue)
    assert [attempt.sqlstate for attempt in attempts_of(job_id)] == ["22012"]
    assert flushing() == "on"


def test_commits_are_flushed_as_usual_again_after_the_connection_broke(new_kind: RegisterKind) -> None:
    def end_own_connection(_: Sequence[ClaimedJob]) -> None:
        execute("SELECT pg_terminate_backend(pg_backend_pid())")

    kind = new_kind(end_own_connection, turn=LONG)
    [job_id] = enqueue(kind, 1)
    worker.work(kind.name, kind.queue)
    assert flushing() == "on"
    assert states_of([job_id]) == ["retryable"]


def test_a_slice_that_fails_ends_the_turn_and_keeps_what_was_done(new_kind: RegisterKind, rung: Rung) -> None:
    def stumble(batch: Sequence[ClaimedJob]) -> Handled:
        if batch[0].cursor == 2:
            raise ConnectionError
        return slices(9)(batch)

    kind = new_kind(stumble, turn=LONG, batch_size=1)
    [job_id] = enqueue(kind, 1)
    assert worker.work(kind.name, kind.queue) == 3
    assert (job_of(job_id).state, job_of(job_id).cursor) == ("retryable", 2)


def test_after_a_lost_worker_the_first_slice_is_done_alone_and_the_others_as_usual(
    new_kind: RegisterKind, work: Callable[[], int]
) -> None:
    kind = new_kind(slices(4), turn=LONG, batch_size=1)
    [job_id] = enqueue(kind, 1)
    execute("UPDATE jobs_job SET next_trigger = 'sweeper', queue = 'reruns' WHERE id = %s", [job_id])
    assert worker.work(kind.name, "reruns", suspects=True) == 1
    assert (job_of(job_id).state, job_of(job_id).next_trigger) == ("available", "auto")
    make_due(job_id)
    work()
    assert states_of([job_id]) == ["succeeded"]


def test_after_a_lost_worker_the_next_slice_is_rung_for_at_once(new_kind: RegisterKind, rung: Rung) -> None:
    kind = new_kind(slices(4), turn=LONG, batch_size=1)
    [job_id] = enqueue(kind, 1)
    execute("UPDATE jobs_job SET next_trigger = 'sweeper', queue = 'reruns' WHERE id = %s", [job_id])
    rung.clear()
    worker.work(kind.name, "reruns", suspects=True)
    assert rung == [(kind.name, False)]


def test_a_job_whose_patient_is_locked_is_rung_for_again_and_waits_for_no_sweep(rung: Rung) -> None:
    submitter = factories.submitter()
    patient = factories.patient(submitter.organisation, "p-1")
    activate(submitter=submitter, statements=[factories.statement("p-1")], origin=BY_IMPORT)
    with Threads(1) as threads, uncommitted(threads, lambda: lock_patients(array_literal([patient.id]))):
        rung.clear()
        worker.work("associate", "default")
    assert rung == [("associate", False)]


def test_a_single_link_lands_while_a_long_roster_is_applied_by_the_only_worker(tmp_path: Path) -> None:
    with closing(redis.Redis.from_url(settings.REDIS_URL)) as broker:
        broker.flushall()
    submitter = factories.submitter()
    number = 12 * applying.SLICE
    with running_worker(tmp_path / "worker.log", queues="default,reruns"):
        roster = roster_of(submitter, patients(number))
        assert wait_until(lambda: Roster.objects.filter(pk=roster.pk, done__gt=0).exists(), seconds=60)
        said = factories.statement("somebody else")
        with other_connection() as cursor:
            # However slow this process is, the roster is in the middle when the single statement is accepted: behind a slice,
            # which on a busy machine may take longer than a lock is waited for in the engine.
            cursor.execute("SET lock_timeout = '60s'; SELECT FROM patients_roster FOR UPDATE")
            activate(submitter=submitter, statements=[said], origin=BY_IMPORT)
        # No sweep runs here: rings alone let it through, and let the roster go on.
        assert wait_until(lambda: Roster.objects.filter(pk=roster.pk, state="applied").exists(), seconds=100)
        single = Association.objects.filter(patient__external_id="somebody else")
        assert wait_until(single.exists, seconds=60)
    assert Association.objects.count() == number + 1
    worked = list(Attempt.objects.order_by("id").values_list("job__kind", flat=True))
    assert "roster" in worked[worked.index("associate") :]
