"""The engine's addresses, and one below `/fhir` that fails."""

from typing import ClassVar

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from clinical_engine import urls
from observations.fhir.formats import FhirView

handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
MARK = "Kowalczyk-4711"


class FailingView(FhirView):
    """Fails with a value in the error's text."""

    required_scopes: ClassVar = {"GET": "measurements:read"}

    def get(self, _: Request) -> Response:
        raise ValueError(MARK)


urlpatterns = [path("fhir/failing", FailingView.as_view()), *urls.urlpatterns]
