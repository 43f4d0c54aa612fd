"""The answer to a Bundle."""

from http import HTTPStatus

from rest_framework.response import Response

from clinical_engine.api.idempotency import UnkeptResponse
from observations.fhir.outcomes import Json, issues_of, outcome_of
from observations.fhir.receiving import Received
from observations.fhir.storing import RETRACTED, RETRACTED_BEFORE, Result
from observations.intake import Outcome

_STATUSES = {
    Outcome.ACCEPTED: HTTPStatus.CREATED,
    Outcome.HELD: HTTPStatus.CREATED,
    Outcome.DUPLICATE: HTTPStatus.OK,
    Outcome.CONFLICT: HTTPStatus.CONFLICT,
    Outcome.REFUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    RETRACTED: HTTPStatus.ACCEPTED,
    RETRACTED_BEFORE: HTTPStatus.OK,
}


def answer_to(bundle_type: str, received: Received) -> Response:
    """A Bundle with a response to each entry; or, of a transaction that was not stored, an OperationOutcome.

    The latter's status is 422 when an entry was refused, 409 when entries were only in conflict. No `Idempotency-Key` keeps it.
    """
    if received.is_stored:
        entries = [_entry(position, result) for position, result in enumerate(received.results)]
        return Response({"resourceType": "Bundle", "type": f"{bundle_type}-response", "entry": entries})
    bad = [(position, result) for position, result in enumerate(received.results) if result.is_bad]
    issues = [each for position, result in bad for each in issues_of(result, _path(position))]
    is_refused = any(result.outcome == Outcome.REFUSED for _, result in bad)
    return UnkeptResponse(
        outcome_of(issues),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.CONFLICT,
    )


def _entry(position: int, result: Result) -> Json:
    status = _STATUSES[result.outcome]
    response: Json = {"status": f"{status.value} {status.phrase}"}
    if result.measurement_id is not None:
        response["location"] = f"Observation/{result.measurement_id}"
    return {"response": response | {"outcome": outcome_of(issues_of(result, _path(position)))}}


def _path(position: int) -> str:
    return f"Bundle.entry[{position}]"
