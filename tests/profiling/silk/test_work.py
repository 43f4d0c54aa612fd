"""Batches of jobs and tasks are recorded beside the requests, and recording never gets in their way."""

import io
from collections.abc import Callable, Sequence

import pytest
from celery.app.trace import build_tracer
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test import Client
from pytest_django import Settings
from silk.models import Request, SQLQuery

from clinical_engine.celery import app
from clinical_engine.common.database import execute
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import ClaimedJob
from clinical_engine.profiling.models import Recording
from clinical_engine.profiling.silk.work import batch_recorded
from patients.models import Association
from patients.services import activate
from submitters.models import Organisation
from tests import factories
from tests.jobs import support
from tests.jobs.conftest import new_kind
from tests.jobs.support import RegisterKind, enqueue
from tests.profiling.silk.test_requests import held_against_writing
from tests.profiling.silk.windows import do_a_round, opened

__all__ = ["new_kind"]
MARK = "Zaphrasia-4711"


def statements_of(request: Request) -> list[str]:
    return list(SQLQuery.objects.filter(request=request).order_by("pk").values_list("query", flat=True))


def due_association() -> None:
    said = [factories.statement(MARK)]
    activate(submitter=factories.submitter(), statements=said, origin=factories.BY_IMPORT)


@pytest.mark.usefixtures("db", "not_profiled")
def test_while_a_window_is_open_each_batch_of_its_kind_is_recorded_with_its_statements(
    work: Callable[[], int],
) -> None:
    window = opened("job associate")
    do_a_round()
    due_association()
    work()
    [request] = Request.objects.all()
    assert (request.method, request.path, request.view_name) == ("JOB", "job/associate", "associate")
    assert request.response.status_code == 200
    recorded = statements_of(request)
    assert len(recorded) == request.num_sql_queries
    assert any("INSERT INTO patients_association" in text for text in recorded)
    assert MARK not in " ".join(recorded)
    assert Recording.objects.get() == Recording(request=request)
    assert Recording.objects.get().window == window


@pytest.mark.usefixtures("committed_db", "profiled")
def test_a_batch_that_is_rolled_back_is_recorded_and_says_so(
    new_kind: RegisterKind, settings: Settings
) -> None:
    def clash(batch: Sequence[ClaimedJob]) -> None:
        for _ in range(2):
            Organisation.objects.create(name=MARK)

    kind = new_kind(clash)
    [job] = enqueue(kind, 1)
    support.work(kind)
    assert Job.objects.get(pk=job).state == "retryable"
    assert not Organisation.objects.exists()
    [request] = Request.objects.filter(method="JOB")
    assert request.view_name == f"{kind.name}, rolled back"
    assert request.response.status_code == 500
    recorded = statements_of(request)
    assert "submitters_organisation" in recorded[0]
    assert recorded[-1].startswith("-- Rolled back: IntegrityError sqlstate=23505")
    assert MARK not in " ".join(recorded)


@pytest.mark.usefixtures("committed_db", "profiled")
def test_a_job_succeeds_though_silk_cannot_write(new_kind: RegisterKind, log: io.StringIO) -> None:
    def make(batch: Sequence[ClaimedJob]) -> None:
        factories.organisation(name="made")

    kind = new_kind(make)
    [job] = enqueue(kind, 1)
    with held_against_writing("silk_request"):
        support.work(kind)
    assert Job.objects.get(pk=job).state == "succeeded"
    assert Organisation.objects.filter(name="made").exists()
    assert "What was recorded for silk is lost: OperationalError sqlstate=55P03" in log.getvalue()


@pytest.mark.usefixtures("committed_db", "profiled")
def test_a_job_whose_connection_broke_fails_as_it_would_without_silk(new_kind: RegisterKind) -> None:
    def break_off(batch: Sequence[ClaimedJob]) -> None:
        execute("SELECT pg_terminate_backend(pg_backend_pid())")

    kind = new_kind(break_off)
    [job] = enqueue(kind, 1)
    support.work(kind)
    assert Job.objects.get(pk=job).state == "retryable"
    # Django has connected again by then.
    assert Request.objects.get(method="JOB").view_name == f"{kind.name}, rolled back"


@pytest.mark.usefixtures("committed_db", "profiled")
def test_nobody_tries_again_to_reach_a_database_that_is_away(log: io.StringIO) -> None:
    with batch_recorded("job any"):
        execute("SELECT 1")
        connection.close()
    assert connection.connection is None
    assert "lost" not in log.getvalue()
    assert not Request.objects.exists()


def run_task(name: str) -> None:
    """As a worker does."""
    app.loader.import_default_modules()
    build_tracer(name, app.tasks[name], app=app)("an-id", [], {}, {})


@pytest.mark.usefixtures("committed_db", "not_profiled")
def test_while_a_window_is_open_each_task_of_its_name_is_recorded() -> None:
    opened("task jobs.sweep")
    do_a_round()
    for _ in range(2):
        run_task("jobs.sweep")
    run_task("jobs.count_failures")
    assert list(Request.objects.values_list("method", "path")) == 2 * [("TASK", "task/jobs.sweep")]
    assert all("jobs_" in " ".join(statements_of(request)) for request in Request.objects.all())


@pytest.mark.usefixtures("committed_db", "profiled")
def test_by_chance_a_task_is_recorded_once_in_ten_minutes_at_most() -> None:
    for _ in range(3):
        run_task("jobs.sweep")
    assert Request.objects.filter(path="task/jobs.sweep").count() == 1


@pytest.mark.usefixtures("committed_db", "profiled")
def test_batches_within_a_task_are_recorded_by_themselves(settings: Settings) -> None:
    due_association()
    app.loader.import_default_modules()
    build_tracer("jobs.work", app.tasks["jobs.work"], app=app)(
        "an-id", [], {"kind": "associate", "queue": "default"}, {}
    )
    assert Association.objects.count() == 1
    inner, outer = Request.objects.get(method="JOB"), Request.objects.get(method="TASK")
    written = "INSERT INTO patients_association"
    assert written in " ".join(statements_of(inner))
    assert written not in " ".join(statements_of(outer))


@pytest.mark.usefixtures("committed_db", "profiled")
def test_a_task_that_fails_is_recorded_and_fails_as_before() -> None:
    @app.task(name="tests.clash")
    def clash() -> None:
        for _ in range(2):
            Organisation.objects.create(name=MARK)

    try:
        build_tracer("tests.clash", clash, app=app)("an-id", [], {}, {})
    finally:
        app.tasks.unregister("tests.clash")
    [request] = Request.objects.all()
    assert request.view_name == "tests.clash, failed"
    assert statements_of(request)[-1].startswith("-- Failed: IntegrityError sqlstate=23505")


@pytest.mark.usefixtures("committed_db", "not_profiled")
def test_a_batch_outside_of_windows_and_share_records_nothing(new_kind: RegisterKind) -> None:
    opened("job associate")
    do_a_round()
    kind = new_kind(lambda _: None)
    enqueue(kind, 1)
    support.work(kind)
    assert not Request.objects.exists()
    assert not connection.execute_wrappers


@pytest.mark.usefixtures("db", "profiled")
def test_an_error_of_a_batch_is_passed_on_as_it_is() -> None:
    with pytest.raises(IntegrityError), batch_recorded("job any"):
        raise IntegrityError(MARK)
    assert Request.objects.get().view_name == "any, rolled back"


@pytest.mark.usefixtures("committed_db", "profiled")
def test_silks_pages_show_batches_and_tasks() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    run_task("jobs.sweep")
    with batch_recorded("job associate"):
        execute("SELECT 1")
    for request in Request.objects.all():
        for page in ("", "sql/"):
            assert client.get(f"/silk/request/{request.pk}/{page}").status_code == 200
    for page in ("", "requests/", "requests/?path=job%2Fassociate"):
        shown = client.get(f"/silk/{page}")
        assert shown.status_code == 200
        assert "job/associate" in shown.content.decode()
