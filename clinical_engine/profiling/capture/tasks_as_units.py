"""A Celery task is one unit of work; batches of jobs are units of their own within it."""

from contextlib import ExitStack
from typing import Any

from celery.signals import task_postrun, task_prerun

from clinical_engine.profiling.capture.units import unit_of_work

# By the task's id: in a worker of threads several run at once.
_running: dict[str, ExitStack] = {}


def install() -> None:
    """Begin a unit before each task, and end it after."""
    task_prerun.connect(_begin)
    task_postrun.connect(_end)


def _begin(task_id: str, task: Any, **_: object) -> None:  # noqa: ANN401 - Celery's
    unit = ExitStack()
    unit.enter_context(unit_of_work(f"task {task.name}"))
    _running[task_id] = unit


def _end(task_id: str, **_: object) -> None:
    unit = _running.pop(task_id, None)
    if unit is not None:
        unit.close()
