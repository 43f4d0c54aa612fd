"""Attempts: append-only, and free of values wherever they came from."""

import io
import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings as engine_settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from pytest_django import Settings

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.common.logs import ValueFreeFormatter
from clinical_engine.jobs import ledger
from clinical_engine.jobs.failures import ErrorKind, Failure, PermanentError, wait_before_try
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import ClaimedJob
from clinical_engine.jobs.worker import worker_name
from submitters.models import Organisation
from tests.jobs.support import RegisterKind, attempts_of, enqueue, job_of, make_due, succeed, work

pytestmark = pytest.mark.usefixtures("committed_db")
MARK = "Kowalczyk-4711"


def collide(_: Sequence[ClaimedJob]) -> None:
    """Fails as a handler does that writes a row which is there."""
    for _again in range(2):
        Organisation.objects.create(name=MARK)


def test_each_try_leaves_one_numbered_attempt_with_release_worker_times_and_trigger(
    new_kind: RegisterKind, settings: Settings
) -> None:
    settings.RELEASE = "2026.11"
    outcomes = iter([ValueError(), None])

    def fail_once(_: object) -> None:
        if error := next(outcomes):
            raise error

    kind = new_kind(fail_once)
    [job_id] = enqueue(kind, 1)
    work(kind)
    make_due(job_id)
    work(kind)
    first, second = attempts_of(job_id)
    assert [(a.number, a.outcome, a.trigger) for a in (first, second)] == [
        (1, "failed", "auto"),
        (2, "succeeded", "auto"),
    ]
    assert {(a.release, a.worker) for a in (first, second)} == {("2026.11", worker_name())}
    assert first.started_at <= first.ended_at <= second.started_at <= second.ended_at
    job = job_of(job_id)
    assert (job.attempts_made, job.attempts_used, job.error, job.fingerprint) == (2, 1, "", "")


def test_a_failure_is_kept_as_class_sqlstate_constraint_and_our_frames(new_kind: RegisterKind) -> None:
    kind = new_kind(collide)
    [job_id] = enqueue(kind, 1)
    work(kind)
    [attempt] = attempts_of(job_id)
    assert (attempt.error_class, attempt.sqlstate) == ("IntegrityError", "23505")
    assert "organisation_name" in attempt.constraint_name
    assert attempt.frames[-1].startswith("tests/jobs/test_attempts.py:")
    assert attempt.frames[-1].endswith(" collide")
    assert all(".venv" not in frame for frame in attempt.frames)
    assert attempt.fingerprint == job_of(job_id).fingerprint != ""


def test_no_text_of_the_driver_and_no_value_is_stored_or_logged(new_kind: RegisterKind) -> None:
    with pytest.raises(IntegrityError, match=MARK), transaction.atomic():
        collide([])  # the driver's text does hold the value
    kind = new_kind(collide)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(ValueFreeFormatter("%(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        enqueue(kind, 1)
        work(kind)
    finally:
        logging.getLogger().removeHandler(handler)
    stored = fetch_all(
        "SELECT row_to_json(j)::text FROM jobs_job j UNION ALL SELECT row_to_json(a)::text FROM jobs_attempt a"
    )
    assert len(stored) == 2
    assert "IntegrityError" in written.getvalue()
    assert MARK not in written.getvalue() + "".join(row for (row,) in stored)


def test_the_texts_of_our_own_errors_are_kept_and_those_of_others_are_not() -> None:
    refused = Failure.of(RefusedError(Refusal("unit", "wrong_unit", "Must be mg/dL (UCUM).")))
    assert refused.message == "unit: Must be mg/dL (UCUM)."
    assert Failure.of(ValueError(f"could not convert {MARK}")).message == ""
    assert MARK not in Failure.of(KeyError(MARK)).summary


def test_an_error_with_a_very_long_name_is_recorded_too(new_kind: RegisterKind) -> None:
    class_with_long_name = type("E" * 300, (Exception,), {})

    def fail(_: object) -> None:
        raise class_with_long_name

    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    work(kind)
    assert job_of(job_id).state == "retryable"
    assert attempts_of(job_id)[0].error_class == "E" * 128


def test_failures_of_one_cause_have_one_fingerprint_and_those_of_others_another() -> None:
    def fingerprint(place: int) -> str:
        try:
            [1 / 0 if place == 0 else int("x")]
        except (ZeroDivisionError, ValueError) as error:
            return Failure.of(error).fingerprint
        raise AssertionError

    assert fingerprint(0) == fingerprint(0) != fingerprint(1)


def _database_error(sqlstate: str) -> Exception:
    try:
        with transaction.atomic():
            execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '" + sqlstate + "'; END $$")
    except Exception as error:  # noqa: BLE001 - whichever class the driver chooses
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("40001", ErrorKind.TRANSIENT),
        ("40P01", ErrorKind.TRANSIENT),
        ("53300", ErrorKind.TRANSIENT),
        ("55P03", ErrorKind.TRANSIENT),
        ("57014", ErrorKind.TRANSIENT),
        ("57P01", ErrorKind.TRANSIENT),
        ("58030", ErrorKind.TRANSIENT),
        ("08006", ErrorKind.TRANSIENT),
        ("23505", ErrorKind.UNKNOWN),
        ("22003", ErrorKind.UNKNOWN),
        ("42501", ErrorKind.UNKNOWN),
        ("42P01", ErrorKind.UNKNOWN),
    ],
)
def test_a_database_error_is_transient_when_its_cause_passes(sqlstate: str, kind: ErrorKind) -> None:
    failure = Failure.of(_database_error(sqlstate))
    assert (failure.kind, failure.sqlstate) == (kind, sqlstate)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OperationalError("server closed the connection unexpectedly"), ErrorKind.TRANSIENT),
        (InterfaceError("connection already closed"), ErrorKind.TRANSIENT),
        (ConnectionRefusedError(), ErrorKind.TRANSIENT),
        (TimeoutError(), ErrorKind.TRANSIENT),
        (SoftTimeLimitExceeded(), ErrorKind.TRANSIENT),
        (PermanentError("no"), ErrorKind.PERMANENT),
        (RefusedError(), ErrorKind.PERMANENT),
        (ZeroDivisionError(), ErrorKind.UNKNOWN),
        (MemoryError(), ErrorKind.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_other_errors_are_classified_too(error: Exception, kind: ErrorKind) -> None:
    assert Failure.of(error).kind is kind


def test_waiting_doubles_with_jitter_up_to_ten_minutes() -> None:
    waits = {number: [wait_before_try(number) for _ in range(200)] for number in (1, 2, 5, 50, 100_000)}
    for number, seconds in ((1, 2), (2, 4), (5, 32), (50, 600), (100_000, 600)):
        longest = timedelta(seconds=seconds)
        assert all(longest / 2 <= wait <= longest for wait in waits[number])
        assert max(waits[number]) - min(waits[number]) > longest / 4


def test_a_transient_failure_is_tried_again_later(new_kind: RegisterKind) -> None:
    def fail(_: object) -> None:
        raise ConnectionResetError

    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    assert work(kind) == 1
    job = job_of(job_id)
    assert (job.state, job.attempts_used) == ("retryable", 1)
    assert job.next_run_at > attempts_of(job_id)[0].ended_at + timedelta(seconds=0.5)
    assert work(kind) == 0


def _tries_until_it_rests(new_kind: RegisterKind, error: Exception) -> tuple[str, int]:
    def fail(_: object) -> None:
        raise error

    kind = new_kind(fail)
    [job_id] = enqueue(kind, 1)
    for _ in range(30):
        make_due(job_id)
        work(kind)
    job = job_of(job_id)
    assert [attempt.number for attempt in attempts_of(job_id)] == list(range(1, job.attempts_made + 1))
    return job.state, job.attempts_made


def test_a_permanent_failure_is_dead_at_once(new_kind: RegisterKind) -> None:
    assert _tries_until_it_rests(new_kind, PermanentError("The script divides by zero.")) == ("dead", 1)


def test_an_unknown_failure_is_dead_after_four_tries(new_kind: RegisterKind) -> None:
    assert _tries_until_it_rests(new_kind, ZeroDivisionError()) == ("dead", 4)


def test_a_transient_failure_is_dead_after_twenty_tries(new_kind: RegisterKind) -> None:
    assert _tries_until_it_rests(new_kind, TimeoutError()) == ("dead", 20)


@pytest.mark.parametrize("payload", ['{"number": "x"}', '{"other": 1}', "[1]", '"text"', "null", "7"])
def test_a_payload_that_does_not_fit_waits_for_a_person_and_is_never_claimed_again(
    payload: str, new_kind: RegisterKind
) -> None:
    kind = new_kind(succeed)
    bad, good = enqueue(kind, 1, 2)
    execute("UPDATE jobs_job SET payload = %s::jsonb WHERE id = %s", [payload, bad])
    assert work(kind) == 2
    job = job_of(bad)
    assert (job.state, job_of(good).state) == ("invalid_payload", "succeeded")
    assert job.finished_at is not None
    assert "payload of format 1 does not fit Numbered" in job.error
    assert attempts_of(bad)[0].error_kind == "invalid_payload"
    make_due(bad)
    assert work(kind) == 0


def test_an_upcaster_that_stumbles_over_one_payload_fails_no_other_job(new_kind: RegisterKind) -> None:
    def upcast(payload: dict[str, int]) -> dict[str, float]:
        return {"number": [0][payload["number"]]}

    kind = new_kind(succeed, version=2, upcasters={1: upcast})
    good, bad = enqueue(kind, 0, 7)
    Job.objects.update(payload_version=1)
    work(kind)
    assert (job_of(good).state, job_of(bad).state) == ("succeeded", "invalid_payload")


def test_an_old_payload_runs_on_a_new_release_and_stays_stored_as_it_came(new_kind: RegisterKind) -> None:
    seen: list[int] = []
    kind = new_kind(
        lambda batch: seen.extend(job.payload.number for job in batch),
        version=3,
        upcasters={1: lambda old: {"count": old["n"]}, 2: lambda old: {"number": old["count"] * 10}},
    )
    [job_id] = enqueue(kind, 1)
    Job.objects.filter(pk=job_id).update(payload={"n": 4}, payload_version=1)
    work(kind)
    assert seen == [40]
    assert (job_of(job_id).payload, job_of(job_id).payload_version) == ({"n": 4}, 1)


def test_a_payload_of_more_than_64_kilobytes_is_not_accepted(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    ledger.enqueue(kind.name, [ledger.NewJob({"ids": "x" * 65_000})])
    with pytest.raises(ValueError, match="64 KB"):
        ledger.enqueue(kind.name, [ledger.NewJob({"ids": "x" * 66_000})])
    assert Job.objects.count() == 1


def test_the_ledger_survives_a_connection_that_the_server_ended(new_kind: RegisterKind) -> None:
    def lose_connection(_: object) -> None:
        if not lost:
            lost.append(True)
            execute("SELECT pg_terminate_backend(pg_backend_pid())")

    lost: list[bool] = []
    kind = new_kind(lose_connection)
    job_ids = enqueue(kind, 1, 2)
    work(kind)
    assert [job_of(job_id).state for job_id in job_ids] == ["retryable", "retryable"]
    assert [attempts_of(job_id)[0].error_kind for job_id in job_ids] == ["transient", "transient"]
    make_due(*job_ids)
    work(kind)
    assert [job_of(job_id).state for job_id in job_ids] == ["succeeded", "succeeded"]
    assert connection.is_usable()


def test_frames_name_files_of_the_project_only(new_kind: RegisterKind) -> None:
    kind = new_kind(collide)
    [job_id] = enqueue(kind, 1)
    work(kind)
    for frame in attempts_of(job_id)[0].frames:
        path = frame.split(":")[0]
        assert (engine_settings.BASE_DIR / path).exists()
        assert not path.startswith("/")
