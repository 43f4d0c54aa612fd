"""What silk records: what an engineer asked for, and a small share of all.

Recording every request makes small endpoints 3.5 to 4.7 times as slow, 1 % of them is not measurable.
"""

import random
from dataclasses import dataclass
from time import monotonic

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from clinical_engine.common.written_by_clients import known_method
from clinical_engine.profiling.silk.open_windows import open_windows
from clinical_engine.profiling.silk.room import room

_NEVER = ("/health/", "/metrics", "/static/")
UNKNOWN = "/(unknown)"
# Where every task is sampled, those that the schedule sends each few seconds would push all else out.
_SECONDS_BETWEEN_TASKS = 600.0
_task_sampled: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Something is to be recorded: for a window, or by chance."""

    window: int | None


def should_profile(request: HttpRequest) -> bool:
    """Whether silk records a request; never health checks, metrics or static files."""
    if request.path_info.startswith(_NEVER):
        return False
    origin = (
        f"{known_method(request.method)} {route_of(request.path_info)}" if open_windows.are_there() else ""
    )
    chosen = choose(origin)
    request.silk_chosen = chosen  # type: ignore[attr-defined]  # silk gives no other way to tell its recorder
    return chosen is not None


def choose(origin: str) -> Chosen | None:
    """Whether to record what begins now: 'POST /api/v1/activations', 'job associate'. Asks no database."""
    if not room.is_left():
        return None
    window = open_windows.one_for(origin) if open_windows.are_there() else None
    if window is not None:
        return Chosen(window)
    share: float = settings.PROFILED_SHARE
    return Chosen(None) if random.random() < share else None  # noqa: S311 - a sample, guards nothing


def choose_task(origin: str) -> Chosen | None:
    """As `choose`, for tasks: by chance one of each name in ten minutes at most."""
    chosen = choose(origin)
    if chosen is None or chosen.window is not None:
        return chosen
    now = monotonic()
    if now - _task_sampled.get(origin, -_SECONDS_BETWEEN_TASKS) < _SECONDS_BETWEEN_TASKS:
        return None
    _task_sampled[origin] = now
    return chosen


def route_of(path: str) -> str:
    """The pattern that an address matches, without its arguments: they name patients' rows."""
    try:
        return f"/{resolve(path).route}"
    except Resolver404:
        return UNKNOWN
