"""What would make work wait for ever, or run twice at once, is found at start."""

from datetime import timedelta

from pytest_django import Settings

from clinical_engine.jobs.checks import (
    every_kind_has_a_queue_that_is_worked_off,
    the_lease_outlives_the_time_limits,
    the_release_fits_its_column,
)
from tests.jobs.support import RegisterKind, succeed


def test_the_engine_itself_passes() -> None:
    assert every_kind_has_a_queue_that_is_worked_off(None) == []
    assert the_lease_outlives_the_time_limits(None) == []
    assert the_release_fits_its_column(None) == []


def test_a_kind_in_a_queue_that_nobody_works_off_is_found(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, queue="nowhere")
    [error] = every_kind_has_a_queue_that_is_worked_off(None)
    assert (error.id, kind.name in error.msg, "nowhere" in error.msg) == ("jobs.E001", True, True)


def test_a_lease_shorter_than_the_time_limit_is_found(settings: Settings) -> None:
    settings.JOB_LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT - 1)
    assert [error.id for error in the_lease_outlives_the_time_limits(None)] == ["jobs.E002"]


def test_a_release_whose_name_the_ledger_cannot_store_is_found(settings: Settings) -> None:
    for name in ("r" * 65, "release/2026.11", "2026 11", ""):
        settings.RELEASE = name
        assert [error.id for error in the_release_fits_its_column(None)] == ["jobs.E003"]
    settings.RELEASE = "2026.11-rc.1+build"
    assert the_release_fits_its_column(None) == []
