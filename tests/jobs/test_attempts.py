"""Attempts: append-only, and free of values wherever they came from."""

import io
import logging
from collections.abc import Sequence

import pytest
from django.conf import settings as engine_settings
from django.db import IntegrityError, transaction
from pytest_django import Settings

from clinical_engine.common.database import fetch_all
from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.common.logs import ValueFreeFormatter
from clinical_engine.jobs.failures import Failure
from clinical_engine.jobs.registry import ClaimedJob
from clinical_engine.jobs.worker import worker_name
from submitters.models import Organisation
from tests.jobs.support import RegisterKind, attempts_of, enqueue, job_of, make_due, work

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


def test_frames_name_files_of_the_project_only(new_kind: RegisterKind) -> None:
    kind = new_kind(collide)
    [job_id] = enqueue(kind, 1)
    work(kind)
    for frame in attempts_of(job_id)[0].frames:
        path = frame.split(":")[0]
        assert (engine_settings.BASE_DIR / path).exists()
        assert not path.startswith("/")
