"""Silk's pages at their addresses, kept from failing over an address that asks for what is not there."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.urls import URLPattern, path
from silk.urls import app_name
from silk.urls import urlpatterns as of_silk

from clinical_engine.profiling.silk.filters import not_understood
from clinical_engine.profiling.silk.views import ForgetRequestsView

__all__ = ["app_name", "urlpatterns"]
_NUMBERS = frozenset({"show", "per_page", "pos", "line_num", "cutoff"})
# With more, PostgreSQL could not count so many rows.
_MOST_DIGITS = 6


def _guarded(view: Any) -> Callable[..., HttpResponseBase]:  # noqa: ANN401 - silk is not annotated
    """A page that answers 404 for what is not recorded, or not any more, and ignores parameters that it would fail over."""
    page = view.view_class
    orders = getattr(page, "order_by", ())

    @wraps(view)
    def answer(request: HttpRequest, **arguments: object) -> HttpResponseBase:
        request.GET = _understood(request.GET, orders)  # type: ignore[assignment]  # Django's own is not to be changed
        request.POST = _filters_understood(_understood(request.POST, orders), page)  # type: ignore[assignment]  # as above
        try:
            found: HttpResponseBase = view(request, **arguments)
        except (ObjectDoesNotExist, ValueError):
            # A ValueError where silk looks for a file of the Python profiler, which is off.
            raise Http404("It is not recorded, or not any more.") from None
        return found

    return answer


def _understood(asked: QueryDict, orders: Collection[str]) -> QueryDict:
    kept = asked.copy()
    for name in asked:
        value = str(asked[name])
        if "\0" in name + value or not _is_understood(name, value, orders):
            del kept[name]
    return kept


def _filters_understood(sent: QueryDict, page: type) -> QueryDict:
    for name in not_understood(sent, page):
        del sent[name]
    return sent


def _is_understood(name: str, value: str, orders: Collection[str]) -> bool:
    if name in _NUMBERS:
        return value.isdecimal() and len(value) <= _MOST_DIGITS and int(value) > 0
    return name != "order_by" or value in orders


urlpatterns = [
    path("cleardb/", _guarded(ForgetRequestsView.as_view()), name="cleardb"),
    *(URLPattern(each.pattern, _guarded(each.callback), name=each.name) for each in of_silk),
]
