"""Whom a request speaks of."""

from uuid import UUID

from clinical_engine.api.scopes import Access
from clinical_engine.common.errors import Refusal, RefusedError
from submitters.models import Submitter
from submitters.selectors import submitter_for


def submitter_of(access: Access, submitter_id: UUID, field: str = "submitter") -> Submitter:
    """The submitter. Raises RefusedError, which names `field`, for one that the key may not act for, as for one there is not."""
    submitter = submitter_for(access.organisation_ids, submitter_id)
    if submitter is None:
        raise RefusedError(Refusal(field, "unknown_submitter", "No submitter that this key may act for."))
    return submitter
