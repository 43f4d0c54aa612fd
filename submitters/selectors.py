"""Reading organisations, submitters and API clients."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from submitters.keys import hash_key, prefix_of
from submitters.models import ApiClient, Submitter


@dataclass(frozen=True, slots=True)
class ClientAccess:
    """Who asks: an API client, what its key may do, and for which organisations."""

    api_client_id: UUID
    scopes: frozenset[str]
    organisation_ids: frozenset[UUID]


def access_by_key(key: str) -> ClientAccess | None:
    """What a key opens; None for an unknown or revoked one. One query."""
    if not key.isascii() or not key.isprintable():
        # No key of ours, and PostgreSQL refuses a NUL with an error.
        return None
    row = (
        ApiClient.objects.filter(key_prefix=prefix_of(key), revoked_at=None)
        .annotate(
            organisation_ids=ArrayAgg("organisations__id", filter=Q(organisations__isnull=False), default=[])
        )
        .values_list("id", "key_hash", "scopes", "organisation_ids")
        .first()
    )
    if row is None or not constant_time_compare(row[1], hash_key(key)):
        return None
    return ClientAccess(row[0], frozenset(row[2]), frozenset(row[3]))


def submitter_for(organisation_ids: Collection[UUID], submitter_id: UUID) -> Submitter | None:
    """The submitter, if it belongs to one of the organisations."""
    return Submitter.objects.filter(pk=submitter_id, organisation_id__in=organisation_ids).first()
