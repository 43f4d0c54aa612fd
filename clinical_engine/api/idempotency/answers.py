"""Answers that are kept, and found again."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models.functions import Now
from django.http import HttpResponse
from rest_framework.response import Response

from clinical_engine.api.idempotency.errors import KeyInUseError, KeyReusedError
from clinical_engine.api.models import StoredAnswer
from clinical_engine.common.database import fetch_all

# Long enough for a client that was away over night, short enough that answers, which hold the clients' ids, don't pile up.
KEPT_FOR = timedelta(hours=24)
REPLAYED = "Idempotent-Replayed"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the answer to a request is kept: by who asks, for what, under which key; and the body's fingerprint."""

    digest: bytes
    fingerprint: bytes


def slot_of(client_id: UUID, operation: str, key: str, fingerprint: bytes) -> Slot:
    """The slot of a client's request; `operation` is method and path. Another client's same key is another slot."""
    # None of the three can hold the separator.
    return Slot(sha256("\0".join((str(client_id), operation, key)).encode()).digest(), fingerprint)


def take(slot: Slot) -> None:
    """Keep others off the slot until the transaction ends. Raises KeyInUseError when another one has it."""
    # A statement of its own: one that also looked for the answer would look as of before it had the lock, and miss what the
    # other one has just committed.
    number = int.from_bytes(slot.digest[:8], signed=True)
    if fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [number]) != [(True,)]:
        raise KeyInUseError


def find(slot: Slot) -> HttpResponse | None:
    """The answer that was kept, marked as a replay; None when there is none any more. Raises KeyReusedError for another body."""
    kept = StoredAnswer.objects.filter(digest=slot.digest, created_at__gt=Now() - KEPT_FOR).first()
    if kept is None:
        return None
    # The driver gives views of memory, which never equal the same bytes.
    if bytes(kept.fingerprint) != slot.fingerprint:
        raise KeyReusedError
    headers = {REPLAYED: "true"} | ({"Location": kept.location} if kept.location else {})
    return HttpResponse(bytes(kept.body), status=kept.status, content_type=kept.media_type, headers=headers)


def keep(slot: Slot, response: Response) -> None:
    """Keep a rendered answer in the caller's transaction, in the place of one that has expired."""
    answer = StoredAnswer(
        digest=slot.digest,
        fingerprint=slot.fingerprint,
        status=response.status_code,
        media_type=response.headers["Content-Type"],
        location=response.headers.get("Location", ""),
        body=response.content,
    )
    StoredAnswer.objects.bulk_create(
        [answer],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["fingerprint", "status", "media_type", "location", "body", "created_at"],
    )
