"""The answer to a request of many items: a result for each, and the status of the worst."""

from collections.abc import Sequence

import msgspec
from rest_framework.response import Response

from clinical_engine.api.problems import ItemError, problem_response
from clinical_engine.common.errors import Refusal

REFUSED, CONFLICT = "refused", "conflict"
_IN_CONFLICT = Refusal(
    "client_id", "conflict", "Was used before with other content. The first content stands."
)


class ItemResult(msgspec.Struct, kw_only=True, gc=False):
    """What became of one item; `errors` only when it was not stored as it was sent. An endpoint's own adds the ids."""

    client_id: str | None
    outcome: str
    errors: Sequence[Refusal] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        """Say the same of every conflict."""
        if self.outcome == CONFLICT:
            self.errors = (_IN_CONFLICT,)


def results_response(noun: str, results: Sequence[ItemResult]) -> Response:
    """202 when every item is stored or was before; otherwise a problem, 422 with refused items, 409 with conflicts alone.

    The problem's kind is `<noun>-refused` or `client-id-conflict`; either way `results` answers every item, in order.
    """
    errors = [
        ItemError(refusal, position, result.client_id)
        for position, result in enumerate(results)
        if result.errors
        for refusal in result.errors
    ]
    if not errors:
        return Response({"results": results}, status=202)
    refused = sum(result.outcome == REFUSED for result in results)
    conflicts = sum(result.outcome == CONFLICT for result in results)
    detail = (
        f"{refused} of {len(results)} {noun} refused, {conflicts} in conflict with what their client_id stood for before;"
        " the others are stored. See results."
    )
    status, kind = (422, f"{noun}-refused") if refused else (409, "client-id-conflict")
    return problem_response(status, kind, detail, errors, results=results)
