"""What a window can be opened for: every request, job and task that the engine answers or does, as it is named everywhere."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from celery import current_app
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.generic import RedirectView

Origins: TypeAlias = Callable[[], Iterable[str]]
# Silk leaves its own pages alone, and `should_profile` what is asked for every few seconds.
_LEFT_OUT = ("silk/", "health/", "metrics", "static/")
# Of Django: an address that is a regular expression, as those for whatever is no page; and what nobody may do.
_NO_PAGE = re.compile(r"\(\?P|[\^$]|/delete/$")
_GROUPS = {"api/": "API", "fhir": "FHIR", "admin/": "Pages of the admin"}
_OTHERS = "Other addresses"
_TASKS = "Tasks"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_offered: dict[str, Origins] = {}


def offer(group: str, origins: Origins) -> None:
    """Have a window be opened for what an app above does, such as 'job associate'."""
    _offered[group] = origins


def choices() -> dict[str, list[str]]:
    """All origins, by the group under which a list shows them, the hundreds of pages last.

    In a group by their address, what is sent to it one below the other.
    """
    *few, pages = _GROUPS.values()
    found: dict[str, list[str]] = {group: [] for group in (*_offered, _TASKS, *few, _OTHERS, pages)}
    for route, view in _routes(get_resolver().url_patterns):
        if not (route.startswith(_LEFT_OUT) or _NO_PAGE.search(route) or _only_leads_on(view)):
            group = next((name for start, name in _GROUPS.items() if route.startswith(start)), _OTHERS)
            found[group] += [f"{method} /{route}" for method in _methods_of(view)]
    for group, origins in _offered.items():
        found[group] += origins()
    found[_TASKS] += [f"task {entry['task']}" for entry in current_app.conf.beat_schedule.values()]
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


def _only_leads_on(view: Any) -> bool:  # noqa: ANN401 - a view of any sort
    return issubclass(getattr(view, "view_class", object), RedirectView)


def _methods_of(view: Any) -> Iterable[str]:  # noqa: ANN401 - a view of any sort
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if view_class is None:
        # A function: nothing says what it answers.
        return ("GET", "POST")
    return [method for method in _METHODS if hasattr(view_class, method.lower())]
