"""From a list of jobs to the bulk rerun of all that match it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.admin.views.main import (
    ALL_VAR,
    ERROR_FLAG,
    ORDER_VAR,
    PAGE_VAR,
    SEARCH_VAR,
)
from django.http import HttpRequest

from clinical_engine.jobs.selection import Selection, SelectionError
from clinical_engine.jobs.states import FAILED, JobState
from clinical_engine.staff.cells import list_url

# What a run again changes nothing about is not worth a dry run.
_RUNNABLE = {"failed", "all", *FAILED, JobState.CANCELLED, JobState.RETRYABLE}
_NO_FILTER = {ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR}
_SEARCHED = "A search is no filter, so all that it found cannot be run again together. Clear it and set filters, or tick jobs."
_UNKNOWN = "This list is narrowed down by something that a bulk rerun cannot choose by: use the filters, or tick jobs."


@dataclass(frozen=True, slots=True)
class Bulk:
    """What the head of the list says: which jobs are shown, where all of them are run again, or why that cannot be."""

    sentence: str = ""
    url: str = ""
    why_not: str = ""


def bulk_of(request: HttpRequest) -> Bulk | None:
    """What the list's head offers to who asks; None to who may start no bulk rerun."""
    if not request.user.has_perm("jobs.add_rerun"):
        return None
    if request.GET.get(SEARCH_VAR, "").strip():
        return Bulk(why_not=_SEARCHED)
    try:
        selection = Selection.parse(_filters(request))
    except SelectionError:
        return Bulk(why_not=_UNKNOWN)
    return Bulk(selection.sentence(), rerun_url(selection) if selection.state in _RUNNABLE else "")


def rerun_url(selection: Selection) -> str:
    """Where the dry run of the selection is."""
    return list_url("admin:jobs_rerun_new", **selection.as_parameters())


def _filters(request: HttpRequest) -> Mapping[str, str]:
    return {name: request.GET[name] for name in request.GET if name not in _NO_FILTER}
