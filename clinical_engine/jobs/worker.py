"""Working jobs off: claim a batch, let the kind's handler write for all of it, end it in the same transaction."""

import logging
import os
import random
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, transaction

from clinical_engine.common.database import deferred_flushing
from clinical_engine.common.guards import LOCK_TIMEOUT, sentence_of
from clinical_engine.common.identifiers import new_id
from clinical_engine.common.logs import describe_error
from clinical_engine.jobs import circuits, ledger, rings
from clinical_engine.jobs.failures import (
    Failure,
    is_broken_dependency,
    is_nobodys_fault,
    is_over_limit,
    sqlstate_of,
    takes_too_long,
)
from clinical_engine.jobs.ledger import Ending, Lease, LeaseLostError, Stored
from clinical_engine.jobs.registry import (
    ClaimedJob,
    Handled,
    InvalidPayloadError,
    JobKind,
    UnknownKindError,
    kind_of,
)
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.n_plus_one import no_query_per_row
from clinical_engine.profiling.silk.work import batch_recorded

logger = logging.getLogger(__name__)
# By how many workers of other releases a ring is passed on before it is left to the next sweep.
_LONGEST_WAY = 5
# How long a job waits whose patient was locked by another job; locks are held for milliseconds.
_WAIT_AFTER_LOCK = timedelta(milliseconds=200)
# How often, in seconds, the log is told of a kind that waits for a lock: its jobs come back five times a second, each of them.
_TELL_OF_LOCK_EVERY = 60.0
_told_of_locks: dict[tuple[str, str], float] = {}


def work(kind_name: str, queue: str, *, suspects: bool = False, passed_on: int = 0) -> int:
    """Work off the due jobs of a kind until none is left or its turn is over, at most half the soft time limit; how many.

    When the time is spent it rings again, so that other kinds get their turn. While the kind's circuit is open it claims none.
    """
    try:
        kind = kind_of(kind_name)
    except UnknownKindError:
        # Another release rang, and its ring came here: its work waits for a worker that knows it.
        logger.warning("A ring for the kind %s, which this release does not know", kind_name)
        _pass_on(kind_name, queue, suspects=suspects, passed_on=passed_on)
        return 0
    with deferred_flushing() if kind.turn else nullcontext():
        return _work_off(kind, queue, suspects=suspects, passed_on=passed_on)


def _work_off(kind: JobKind, queue: str, *, suspects: bool, passed_on: int) -> int:
    longest = timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT / 2)
    deadline = monotonic() + (kind.turn or longest).total_seconds()
    claimed_in_all = 0
    while True:
        # With what it asks before it claims: a long backlog is no query for each row.
        with unit_of_work(f"job {kind.name}"):
            admission = circuits.admitted(kind.name)
            if admission.limit == 0:
                return claimed_in_all
            limit = 1 if suspects else admission.limit or kind.batch_size
            token = new_id()
            lease = Lease(token, worker_name())
            batch = ledger.claim(kind, queue, lease, limit=limit, suspects=suspects)
            goes_on = _process(kind, token, batch, troubled=admission.troubled)
        if goes_on and suspects:
            # Its next slice is no suspect's: it would wait for the next sweep.
            rings.ring(kind.name, queue)
        more = goes_on or len(batch) == limit
        if len(batch) == limit and not goes_on and claimed_in_all == 0:
            # One ring may stand for a long backlog: let an idle neighbour join in.
            rings.ring(kind.name, queue, suspects=suspects)
        claimed_in_all += len(batch)
        if not more:
            if ledger.waits_for_release(kind, queue, suspects=suspects):
                _pass_on(kind.name, queue, suspects=suspects, passed_on=passed_on)
            return claimed_in_all
        if monotonic() > deadline:
            rings.ring(kind.name, queue, suspects=suspects)
            return claimed_in_all


def _pass_on(kind_name: str, queue: str, *, suspects: bool, passed_on: int) -> None:
    """Ring again for jobs that only another release can do: the ring was meant for one of its workers and reached this one."""
    if passed_on < _LONGEST_WAY:
        # Chance decides when: workers wait for rings in turn, and in step with the sweeps the same ones could get each of them.
        after = timedelta(milliseconds=random.randrange(200))  # noqa: S311 - spreads load, guards nothing
        rings.ring(kind_name, queue, suspects=suspects, passed_on=passed_on + 1, after=after)


def worker_name() -> str:
    """Which process this is, as attempts name it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _process(kind: JobKind, token: UUID, batch: Sequence[Stored], *, troubled: bool) -> bool:
    """Whether one of the jobs has another slice to do in this turn."""
    readable: list[tuple[Stored, ClaimedJob]] = []
    for job in batch:
        try:
            readable.append((job, _decode(kind, job)))
        except InvalidPayloadError as error:
            _end_failed(token, [job], error)
    return bool(readable) and _run(kind, token, readable, troubled=troubled)


def _decode(kind: JobKind, job: Stored) -> ClaimedJob:
    return ClaimedJob(
        id=job.id,
        payload=kind.decode_text(job.payload, job.payload_version),
        organisation_id=job.organisation_id,
        submitter_id=job.submitter_id,
        patient_id=job.patient_id,
        dirty_from=job.dirty_from,
        cursor=job.cursor,
    )


def _run(
    kind: JobKind, token: UUID, batch: Sequence[tuple[Stored, ClaimedJob]], *, troubled: bool = False
) -> bool:
    """Run a batch in one transaction; when it fails, its halves, so that a poison job never fails its neighbours.

    Whether one of the jobs has another slice to do in this turn.
    """
    try:
        with batch_recorded(f"job {kind.name}"), transaction.atomic():
            with no_query_per_row():
                handled = kind.handler([job for _, job in batch]) or Handled()
            ledger.end(token, _endings([job for job, _ in batch], handled))
            if troubled:
                circuits.close(kind.name)
        return _goes_on(kind, handled, {job.queue for job, _ in batch})
    except LeaseLostError:
        # The sweeper took at least one of them away. What it took must not count twice; the others are tried alone.
        if len(batch) > 1:
            return _run_halves(kind, token, batch)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is recorded as the job's failure
        if takes_too_long(error) and len(batch) > 1:
            _try_each_alone(kind, token, [job for job, _ in batch], error)
        elif is_nobodys_fault(error) or is_over_limit(error):
            # Alone a job may be to blame for its statement; while others of the kind fared alike, it is not.
            broken = is_broken_dependency(error) or (troubled and is_over_limit(error))
            _end_failed(token, [job for job, _ in batch], error, broken_kind=kind.name if broken else "")
        elif len(batch) > 1:
            return _run_halves(kind, token, batch)
        elif sqlstate_of(error) == LOCK_TIMEOUT:
            _try_again_soon(kind, token, batch[0][0], error)
        else:
            _end_failed(token, [batch[0][0]], error)
    return False


def _try_each_alone(kind: JobKind, token: UUID, jobs: Sequence[Stored], error: BaseException) -> None:
    """Give a batch back that takes too long, to be tried one by one: together they would run out of time again and again."""
    failure = Failure.of(error)
    logger.warning("%d job(s) take too long together: %s [%s]", len(jobs), _told(error), failure.fingerprint)
    ledger.put_back(token, [job.id for job in jobs], timedelta(0), as_suspects=True)
    if is_over_limit(error):
        # A statement that no batch gets through would be sent for each job alone, for its whole limit: let the kind rest then.
        circuits.note_failure(kind.name, failure)


def _try_again_soon(kind: JobKind, token: UUID, job: Stored, error: BaseException) -> None:
    """Give a job back whose patient another one has locked, and ring for it: a roster would wait for a sweep at each of them."""
    _tell_of_lock(kind.name, sentence_of(error))
    ledger.put_back(token, [job.id], _WAIT_AFTER_LOCK)
    rings.ring(kind.name, job.queue, after=_WAIT_AFTER_LOCK)


def _tell_of_lock(kind_name: str, sentence: str) -> None:
    # It uses no attempt: without this line jobs that wait for hours leave no trace.
    now = monotonic()
    last = _told_of_locks.get((kind_name, sentence))
    if last is None or now - last >= _TELL_OF_LOCK_EVERY:
        _told_of_locks[kind_name, sentence] = now
        logger.warning("Jobs of the kind %s are given back, untried: %s", kind_name, sentence)


def _goes_on(kind: JobKind, handled: Handled, queues: Iterable[str]) -> bool:
    if not handled.continued:
        return False
    if kind.turn and not handled.wait:
        return True
    # Without it a long job would make one step in each interval of the sweeper.
    for queue in queues:
        rings.ring(kind.name, queue, after=handled.wait)
    return False


def _run_halves(kind: JobKind, token: UUID, batch: Sequence[tuple[Stored, ClaimedJob]]) -> bool:
    middle = len(batch) // 2
    first = _run(kind, token, batch[:middle])
    second = _run(kind, token, batch[middle:])
    return first or second


def _endings(batch: Sequence[Stored], handled: Handled) -> list[Ending]:
    failures = {job_id: Failure.of(error) for job_id, error in handled.failed.items()}
    for failure, number in Counter(_in_a_word(failure) for failure in failures.values()).items():
        logger.warning("%d job(s) failed: %s", number, failure)
    counted = _failures_counted(failures)
    return [_ending(job, handled, failures, counted) for job in batch]


def _told(error: BaseException) -> str:
    """What the log says of an error; of a statement that was over its limit which one it was."""
    sentence = sentence_of(error)
    return f"{sentence} ({describe_error(error)})" if sentence else describe_error(error)


def _in_a_word(failure: Failure) -> str:
    return f"{failure.error_class} [{failure.fingerprint}]"


def _ending(
    job: Stored, handled: Handled, failures: Mapping[UUID, Failure], counted: Mapping[UUID, int]
) -> Ending:
    if job.id in failures:
        return Ending.failed(job, failures[job.id], failed_before=counted.get(job.id, 0))
    if job.id in handled.continued:
        return Ending.continues(job.id, handled.continued[job.id], handled.wait)
    return Ending.succeeded(job.id)


def _failures_counted(failures: Mapping[UUID, Failure]) -> Mapping[UUID, int]:
    # Nothing to ask for where nothing failed, which is nearly always.
    return (
        ledger.failures_counted({key: failure.kind for key, failure in failures.items()}) if failures else {}
    )


def _end_failed(token: UUID, jobs: Sequence[Stored], error: BaseException, *, broken_kind: str = "") -> None:
    """End the jobs' tries with the error; `broken_kind` names their kind when all of it is affected."""
    failure = Failure.of(error)
    logger.warning("%d job(s) failed: %s [%s]", len(jobs), _told(error), failure.fingerprint)
    try:
        close_old_connections()
        with transaction.atomic():
            counted = _failures_counted(dict.fromkeys((job.id for job in jobs), failure))
            ledger.end(
                token, [Ending.failed(job, failure, failed_before=counted.get(job.id, 0)) for job in jobs]
            )
            if broken_kind:
                circuits.note_failure(broken_kind, failure)
    except (DatabaseError, InterfaceError, LeaseLostError) as second:
        # The leases run out and the sweeper brings the jobs back: nothing is lost by giving up here.
        logger.warning("The failure could not be recorded: %s", describe_error(second))
