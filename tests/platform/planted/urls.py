"""The engine's addresses, and one for each way of asking."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from clinical_engine.urls import handler404, handler500
from clinical_engine.urls import urlpatterns as of_the_engine
from tests.platform.planted import rows

__all__ = ["handler404", "handler500", "urlpatterns"]


def page(request: HttpRequest, way: str) -> JsonResponse:
    return JsonResponse({"found": getattr(rows, way)()})


urlpatterns = [path("planted/<slug:way>", page), *of_the_engine]
