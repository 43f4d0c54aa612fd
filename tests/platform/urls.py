"""The engine's addresses, and beside them some that do what an endpoint must not do."""

from typing import ClassVar

from django.db import transaction
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from clinical_engine import urls
from submitters.models import Organisation

handler404, handler500 = urls.handler404, urls.handler500
MARK = "Kowalczyk-4711"


class UnscopedView(APIView):
    """Names no scope for one of its methods."""

    required_scopes: ClassVar = {"GET": "jobs:read"}

    def get(self, _: Request) -> Response:
        return Response()

    def delete(self, _: Request) -> Response:
        return Response(MARK)


class MisspeltView(APIView):
    """Names a scope that no key can have."""

    required_scopes: ClassVar = {"GET": "jobs:raed"}

    def get(self, _: Request) -> Response:
        return Response(MARK)


class UnscopedViewSet(ViewSet):
    """Names no scope at all."""

    def list(self, _: Request) -> Response:
        return Response(MARK)


class OpenView(APIView):
    """Names a scope, and lets everybody in."""

    permission_classes = []
    required_scopes: ClassVar = {"GET": "jobs:read"}

    def get(self, _: Request) -> Response:
        return Response(MARK)


class FailingView(APIView):
    """Fails with values in the error's text, in that of its cause, and in local variables."""

    required_scopes: ClassVar = {"GET": "jobs:read"}

    def get(self, _: Request) -> Response:
        external_id = MARK
        try:
            Organisation.objects.create(name=external_id)
            Organisation.objects.create(name=external_id)
        except Exception as error:
            raise ValueError(f"{external_id} is there") from error
        return Response()


def divide_in_transaction(_: HttpRequest) -> HttpResponse:
    """A database error inside a transaction, by the ORM."""
    with transaction.atomic():
        return HttpResponse(Organisation.objects.annotate(quotient=RawSQL("1 / 0", [])).get().name)


urlpatterns = [
    path("api/v1/unscoped", UnscopedView.as_view()),
    path("api/v1/misspelt", MisspeltView.as_view()),
    path("api/v1/set", UnscopedViewSet.as_view({"get": "list"})),
    path("api/v1/open", OpenView.as_view()),
    path("api/v1/failing", FailingView.as_view()),
    path("divide", divide_in_transaction),
    *urls.urlpatterns,
]
