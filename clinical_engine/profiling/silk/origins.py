"""What a window can be opened for: every request, job and task that the engine answers or does, as it is named everywhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from celery import current_app
from django.urls import URLPattern, URLResolver, get_resolver

Origins: TypeAlias = Callable[[], Iterable[str]]
# Silk leaves its own pages alone, and `should_profile` what is asked for every few seconds.
_LEFT_OUT = ("silk/", "health/", "metrics", "static/")
_GROUPS = {"api/": "API", "fhir": "FHIR", "admin/": "Pages of the admin"}
_OTHERS = "Others"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_offered: dict[str, Origins] = {}


def offer(group: str, origins: Origins) -> None:
    """Have a window be opened for what an app above does, such as 'job associate'."""
    _offered[group] = origins


def choices() -> dict[str, list[str]]:
    """All origins, by the group under which a list shows them; in it by their address, what is sent to it one below the other."""
    found: dict[str, list[str]] = {group: [] for group in (*_GROUPS.values(), *_offered, "Tasks", _OTHERS)}
    for route, view in _routes(get_resolver().url_patterns):
        if not route.startswith(_LEFT_OUT):
            group = next((name for start, name in _GROUPS.items() if route.startswith(start)), _OTHERS)
            found[group] += [f"{method} /{route}" for method in _methods_of(view)]
    for group, origins in _offered.items():
        found[group] += origins()
    found["Tasks"] += [f"task {entry['task']}" for entry in current_app.conf.beat_schedule.values()]
    return {group: sorted(set(origins), key=_by_address) for group, origins in found.items() if origins}


def is_known(origin: str) -> bool:
    """Whether a window can be opened for it."""
    return any(origin in origins for origins in choices().values())


def page_in_silk(origin: str) -> tuple[str, Mapping[str, str]]:
    """The name of silk's list, and what narrows it to an origin as far as silk can: by path, not by method."""
    sort, _, name = origin.partition(" ")
    return "silk:requests", {"path": name if name.startswith("/") else f"{sort}/{name}"}


def _by_address(origin: str) -> tuple[str, str]:
    first, _, address = origin.partition(" ")
    return address, first


def _routes(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def _methods_of(view: Any) -> Iterable[str]:  # noqa: ANN401 - a view of any sort
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if view_class is None:
        # A function: nothing says what it answers.
        return ("GET", "POST")
    return [method for method in _METHODS if hasattr(view_class, method.lower())]
