"""Many statements at once: every one that is sent gets an answer."""

from collections.abc import Callable, Sequence
from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.decoding import Decoded, body_of
from clinical_engine.api.idempotency import idempotent
from clinical_engine.api.parsers import BatchBytesParser
from clinical_engine.api.refused_requests import tell_of_items
from clinical_engine.api.results import REFUSED, ItemResult, results_response
from clinical_engine.api.scopes import access_of
from patients import services
from patients.api import examples
from patients.api import serializers as shapes
from patients.api.decoding import StatementItem, decode_statements
from patients.api.submitters import submitter_of
from patients.models import StatementKind, StatementSource


class StatementResult(ItemResult, kw_only=True, gc=False):
    """What became of one statement."""

    statement: UUID | None = None
    patient: UUID | None = None
    job: UUID | None = None


def batch_schema(
    operation_id: str, what: str
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """The OpenAPI description that both endpoints share."""
    return extend_schema(
        operation_id=operation_id,
        description=f"{what} Each has its own answer: one that is refused does not touch the others. A patient who is in the"
        " batch with different times is refused altogether (`contradicts_another_item`).",
        request=shapes.BatchRequestSerializer,
        examples=examples.BATCH,
        responses={
            202: OpenApiResponse(
                shapes.StatementResultsSerializer, "Every statement is stored, or was before"
            ),
            409: OpenApiResponse(
                shapes.StatementsProblemSerializer,
                "Some client_ids were used before with other content; the others are stored",
            ),
            422: OpenApiResponse(
                shapes.StatementsProblemSerializer,
                "With `results`: some statements are refused, as `errors` says, the others are stored. Without: the request"
                " as a whole is refused",
            ),
        },
    )


class _BatchView(APIView):
    parser_classes = [BatchBytesParser]
    required_scopes: ClassVar = {"POST": "activations:write"}
    kind: ClassVar[StatementKind]

    def accept_batch(self, request: Request) -> Response:
        submitter_id, items = decode_statements(body_of(request))
        access = access_of(request)
        submitter = submitter_of(access, submitter_id)
        answers = services.accept_statements(
            kind=self.kind,
            submitter=submitter,
            statements=[
                services.NewStatement(item.client_id, item.external_id, item.effective_at)
                for item in (decoded.item for decoded in items)
                if item is not None
            ],
            origin=services.Origin(StatementSource.API, api_client_id=access.api_client_id),
        )
        results = _results(items, answers)
        tell_of_items(access, submitter.organisation_id, results)
        return results_response("statements", results)


class ActivationBatchView(_BatchView):
    """Many patients becoming active with a submitter."""

    kind = StatementKind.ACTIVATION

    @idempotent
    @batch_schema("activate_batch", "States that 1 to 10,000 patients are active with a submitter.")
    def post(self, request: Request) -> Response:
        """Accept that patients are active."""
        return self.accept_batch(request)


class DeactivationBatchView(_BatchView):
    """Many patients becoming inactive with a submitter."""

    kind = StatementKind.DEACTIVATION

    @idempotent
    @batch_schema("deactivate_batch", "States that 1 to 10,000 patients are inactive with a submitter.")
    def post(self, request: Request) -> Response:
        """Accept that patients are inactive."""
        return self.accept_batch(request)


def _results(
    items: Sequence[Decoded[StatementItem]], answers: Sequence[services.Answer]
) -> list[StatementResult]:
    remaining = iter(answers)
    return [
        _result(item.client_id, services.Refused((item.refusal,)) if item.refusal else next(remaining))
        for item in items
    ]


def _result(client_id: str | None, answer: services.Answer) -> StatementResult:
    if isinstance(answer, services.Refused):
        return StatementResult(client_id=client_id, outcome=REFUSED, errors=answer.refusals)
    return StatementResult(
        client_id=client_id,
        outcome=answer.outcome,
        statement=answer.statement_id,
        patient=answer.patient_id,
        job=answer.job_id,
    )
