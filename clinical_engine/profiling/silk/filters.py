"""Which of the filters that somebody typed into silk's forms are given to it: over others it fails, or writes them into the log."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from silk.views.profiling import ProfilingView
from silk.views.requests import RequestsView
from silk.views.summary import SummaryView

# What fits into an integer of the database, and in seconds into a date.
_NUMBER = re.compile(r"[0-9]{1,9}")
_SILKS_FORM = "%Y/%m/%d %H:%M"
# Earlier ones silk does not read as it wrote them; much later ones are no times with a zone any more.
_YEARS = range(1970, 3000)
_LONGEST_NAME = 300


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _is_moment(value: str) -> bool:
    try:
        moment = datetime.strptime(value, _SILKS_FORM)  # noqa: DTZ007 - it is not used
    except ValueError:
        return False
    return moment.year in _YEARS


def _is_name(value: str) -> bool:
    return len(value) <= _LONGEST_NAME


_Filter = tuple[str, Callable[[str], bool]]
_TIMES: Mapping[str, _Filter] = {
    "seconds": ("SecondsFilter", _is_number),
    "beforedate": ("BeforeDateFilter", _is_moment),
    "afterdate": ("AfterDateFilter", _is_moment),
}
_COSTS: Mapping[str, _Filter] = {
    **_TIMES,
    "overalltime": ("OverallTimeFilter", _is_number),
    "numqueriesfilter": ("NumQueriesFilter", _is_number),
    "timespentfilter": ("TimeSpentOnQueriesFilter", _is_number),
}
# By the names that silk's forms have for them.
_FILTERS: Mapping[type, Mapping[str, _Filter]] = {
    SummaryView: _TIMES,
    ProfilingView: {
        **_COSTS,
        "name": ("NameFilter", _is_name),
        "functionname": ("FunctionNameFilter", _is_name),
    },
    RequestsView: {
        **_COSTS,
        "viewname": ("ViewNameFilter", _is_name),
        "path": ("PathFilter", _is_name),
        "status_code": ("StatusCodeFilter", _is_number),
        "method": ("MethodFilter", _is_name),
    },
}


def not_understood(sent: Mapping[str, str], page: type) -> Collection[str]:
    """The names of what was sent that belong to no filter which the form of that page has, with a value that it can have."""
    known = _FILTERS.get(page, {})
    kept = {
        f"filter-{name}-{part}"
        for name, (kind, is_understood) in known.items()
        if sent.get(f"filter-{name}-typ") == kind
        and is_understood(sent.get(f"filter-{name}-value", "").strip())
        for part in ("typ", "value")
    }
    return [name for name in sent if name.startswith("filter") and name not in kept]
