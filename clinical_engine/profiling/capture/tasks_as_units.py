"""A Celery task is one unit of work; batches of jobs are units of their own within it."""

from contextlib import ExitStack
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_shutdown

from clinical_engine.profiling.capture import writing
from clinical_engine.profiling.capture.units import unit_of_work
from clinical_engine.profiling.n_plus_one import no_query_per_row

# By the task's id: in a worker of threads several run at once.
_running: dict[str, ExitStack] = {}


def install() -> None:
    """Begin a unit before each task, and end it after."""
    task_prerun.connect(_begin)
    task_postrun.connect(_end)
    # A child of the worker ends without what Python does at the end of a process.
    worker_process_shutdown.connect(_end_of_process)


def _begin(task_id: str, task: Any, **_: object) -> None:  # noqa: ANN401 - Celery's
    unit = ExitStack()
    unit.enter_context(unit_of_work(f"task {task.name}"))
    unit.enter_context(no_query_per_row())
    _running[task_id] = unit


def _end(task_id: str, **_: object) -> None:
    unit = _running.pop(task_id, None)
    if unit is not None:
        unit.close()


def _end_of_process(**_: object) -> None:
    writing.end()
