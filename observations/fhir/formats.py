"""Bodies in and out as FHIR's media type, and everything that goes wrong as an OperationOutcome."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.parsers import BulkBytesParser
from clinical_engine.api.refused_requests import handle_exception
from clinical_engine.api.renderers import ExactJSONRenderer
from observations.fhir.outcomes import Json, issue, outcome_of, refusal_issue
from observations.fhir.terms import PROBLEMS

MEDIA_TYPE = "application/fhir+json"
_KINDS = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    411: "required",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
    500: "exception",
    503: "transient",
}
_UNSUPPORTED_BODY = f"The body must be {MEDIA_TYPE}."


class FhirBytesParser(BulkBytesParser):
    """The bytes of a FHIR resource in JSON of at most 2 MB. Raises RequestDataTooBig."""

    media_type = MEDIA_TYPE


class FhirRenderer(ExactJSONRenderer):
    """FHIR's JSON, whose decimals keep their digits."""

    media_type = MEDIA_TYPE
    format = "fhir"


class FhirView(APIView):
    """An endpoint that takes and gives FHIR resources in JSON; JSON's own media type will do as well."""

    # The framework's answer to OPTIONS is no resource; what there is to know is in the CapabilityStatement.
    http_method_names = [name for name in APIView.http_method_names if name != "options"]
    parser_classes = [FhirBytesParser, BulkBytesParser]
    renderer_classes = [FhirRenderer, ExactJSONRenderer]

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        """What makes a response of an exception."""
        return handle


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The framework's exception handler: the problem that it is everywhere else, as an OperationOutcome."""
    response = handle_exception(error, context)
    if response is None:
        return None
    request = context["request"]
    response.data = _outcome_of(response.data, is_search=request.method in {"GET", "HEAD"})
    response.content_type = MEDIA_TYPE
    return response


def _outcome_of(problem: Json, *, is_search: bool) -> Json:
    code = str(problem["type"]).rsplit(":", 1)[-1]
    if errors := problem.get("errors"):
        return outcome_of(_parameter(each) if is_search else _element(each) for each in errors)
    status = int(problem["status"])
    text = _UNSUPPORTED_BODY if status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE else problem["detail"]
    if statement := problem.get("statement"):
        text = f"{text} Statement {statement}."
    severity = "fatal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "error"
    kind = _KINDS.get(status, "processing")
    return outcome_of([issue(severity, kind, text, system=PROBLEMS, code=code)])


def _parameter(error: Json) -> Json:
    # A parameter has no path.
    return refusal_issue(error["code"], f"{error['field']}: {error['message']}")


def _element(error: Json) -> Json:
    field = str(error["field"])
    return refusal_issue(error["code"], error["message"], "Bundle" if field == "body" else f"Bundle.{field}")


def as_outcome(problem: Json) -> JsonResponse:
    """The answer of a problem that is found outside of the views below `/fhir`."""
    return JsonResponse(
        _outcome_of(problem, is_search=False), status=problem["status"], content_type=MEDIA_TYPE
    )


@csrf_exempt
def not_here(request: HttpRequest, path: str) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Whatever is not an endpoint below `/fhir/`."""
    text = "There is nothing at this address. GET metadata says what there is."
    return plain_problem(HTTPStatus.NOT_FOUND, "not-found", text)


def plain_problem(status: HTTPStatus, code: str, text: str) -> JsonResponse:
    """An answer of a view that is none of the framework's."""
    found = outcome_of([issue("error", _KINDS[status], text, system=PROBLEMS, code=code)])
    return JsonResponse(found, status=status, content_type=MEDIA_TYPE)
