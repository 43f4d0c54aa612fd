"""What a captured statement may cost, by what sends it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.conf import settings

from clinical_engine.api.uploads import LONGEST
from clinical_engine.profiling.growth.limits import Limits

# Of one statement's slowest twentieth: what is left of a page's second for everything else, and of an answer's.
_API_SECONDS, _PAGE_SECONDS = 0.5, 1.0
_FOR_MACHINES = (" /api/", " /fhir")
_FOR_PEOPLE = " /admin/"


class _Limit(NamedTuple):
    seconds: float
    name: str


# By origin, for what is slower on purpose.
_BUDGETS: Mapping[str, float] = {
    # They take in a file, for as long as the client sends it.
    "PUT /api/v1/submitters/<uuid:submitter_id>/roster": LONGEST.total_seconds(),
    "POST /admin/observations/measurementimport/new/": LONGEST.total_seconds(),
    # A file of up to millions of rows, which the page says may take minutes.
    "POST /admin/observations/measurement/export/": 300.0,
    # All readings are searched for a unit that is to go, which is asked once in a year; what takes longer counts as used.
    "POST /admin/observations/code/<path:object_id>/change/": 10.0,
    # Lists of up to millions of patients are compared as sets, under a time limit of their own.
    "job roster": 54.0,
    "job drift": 54.0,
}


def limits_for(origins: Iterable[str]) -> Limits:
    """The limits of a statement that these origins send, the strictest of them; those of a worker when there are none."""
    strictest = min((_limit_of(origin) for origin in origins), default=_of_process("worker"))
    return Limits(
        duration_us=strictest.seconds * 1e6, duration_name=f"{strictest.name} ({strictest.seconds:g} s)"
    )


def can_be_mended(origin: str) -> bool:
    """Whether somebody here can change what is sent for it: silk's own pages, and what it writes, are as silk has them."""
    return origin != "silk" and " /silk/" not in origin


def _limit_of(origin: str) -> _Limit:
    seconds = _BUDGETS.get(origin) or _usual_seconds(origin)
    if seconds is not None:
        return _Limit(seconds, f"the budget of {origin}")
    return _of_process("web" if _is_request(origin) else "worker")


def _is_request(origin: str) -> bool:
    method, slash, _ = origin.partition(" /")
    return bool(slash) and method.isupper()


def _usual_seconds(origin: str) -> float | None:
    if any(place in origin for place in _FOR_MACHINES):
        return _API_SECONDS
    return _PAGE_SECONDS if _FOR_PEOPLE in origin else None


def _of_process(process: str) -> _Limit:
    seconds = settings.STATEMENT_TIMEOUTS_MS[process] / 1000
    return _Limit(seconds, f"the time limit of a {process} process's statement")
