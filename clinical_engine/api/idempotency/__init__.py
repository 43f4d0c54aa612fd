"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a request sent again gets the answer it got first."""

from clinical_engine.api.idempotency.answering import UnkeptResponse, idempotent, is_idempotent

__all__ = ["UnkeptResponse", "idempotent", "is_idempotent"]
