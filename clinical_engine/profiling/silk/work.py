"""Recording what is done outside of requests: batches of jobs and Celery's tasks, beside the requests in silk's lists."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.utils import timezone

from clinical_engine.common.logs import describe_error
from clinical_engine.profiling.silk.noting import noting
from clinical_engine.profiling.silk.sampling import Chosen, choose, choose_task
from clinical_engine.profiling.silk.saving import Recorded, save

_FAILED = 500
_SUCCEEDED = 200


@contextmanager
def batch_recorded(origin: str) -> Iterator[None]:
    """Record what is sent in here, when 'job associate' is asked for or by chance; also what is rolled back.

    To be put around a transaction: what is recorded is written after it. Adds no error of its own.
    """
    chosen = choose(origin)
    if chosen is None:
        yield
        return
    with _recorded(origin, chosen):
        yield


def install() -> None:
    """Record tasks as well. To be called after they are made units of work, since a recording belongs to one."""
    task_prerun.connect(_begin)
    task_postrun.connect(_end)


# By the task's id: in a worker of threads several run at once.
_running: dict[str, AbstractContextManager[None]] = {}


def _begin(task_id: str, task: Any, **_: object) -> None:  # noqa: ANN401 - Celery's
    origin = f"task {task.name}"
    chosen = choose_task(origin)
    if chosen is not None:
        _running[task_id] = recording = _recorded(origin, chosen)
        recording.__enter__()


def _end(task_id: str, retval: object = None, **_: object) -> None:
    recording = _running.pop(task_id, None)
    if recording is not None:
        # Of a task that failed, Celery tells the error as what it returned.
        error = retval if isinstance(retval, BaseException) else None
        recording.__exit__(type(error) if error else None, error, None)


@contextmanager
def _recorded(origin: str, chosen: Chosen) -> Iterator[None]:
    begun_at, failure = timezone.now(), ""
    with ExitStack() as ending:
        noted = ending.enter_context(noting())
        try:
            yield
        except BaseException as error:
            failure = describe_error(error)
            raise
        finally:
            ending.close()
            save(_as_recorded(origin, begun_at, failure), chosen, noted)


def _as_recorded(origin: str, begun_at: datetime, failure: str) -> Recorded:
    sort, _, name = origin.partition(" ")
    verb = "rolled back" if sort == "job" else "failed"
    return Recorded(
        origin=origin,
        method=sort.upper(),
        path=f"{sort}/{name}",
        view_name=f"{name}, {verb}" if failure else name,
        begun_at=begun_at,
        status=_FAILED if failure else _SUCCEEDED,
        remark=f"{verb.capitalize()}: {failure}" if failure else "",
    )
