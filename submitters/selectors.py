"""Reading organisations, submitters and API clients."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection
from django.utils.crypto import constant_time_compare

from clinical_engine.common.database import array_literal, fetch_all, may_be_away
from clinical_engine.common.prepared import Prepared
from submitters.keys import hash_key, prefix_of
from submitters.models import Submitter


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
    for client_id, key_hash, scopes, organisation_ids in _asked_first(_ACCESS, prefix_of(key)):
        if constant_time_compare(key_hash, hash_key(key)):
            return ClientAccess(client_id, frozenset(scopes), frozenset(organisation_ids))
    return None


def _asked_first(sql: str, value: str) -> list[tuple[Any, ...]]:
    """The rows of a request's first query, which finds a dead connection as well as a question of Django's own would."""
    if connection.in_atomic_block:
        return fetch_all(sql, [value])
    connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs lack it
    try:
        return fetch_all(sql, [value])
    except (DatabaseError, InterfaceError) as error:
        if not may_be_away(error):
            raise
        connection.close()
        return fetch_all(sql, [value])


# In SQL: every request asks, and making the same of a QuerySet each time took longer than all else that is done for it.
_ACCESS = Prepared("""
    SELECT client.id, client.key_hash::text, client.scopes::text[], ARRAY(
        SELECT organisation_id FROM submitters_apiclient_organisations acts_for WHERE acts_for.apiclient_id = client.id
    )
    FROM submitters_apiclient client WHERE client.key_prefix = %s AND client.revoked_at IS NULL
""")


def submitter_for(organisation_ids: Collection[UUID], submitter_id: UUID) -> Submitter | None:
    """The submitter, if it belongs to one of the organisations; what it is called is read when it is asked for."""
    for row in fetch_all(_SUBMITTER, [submitter_id, array_literal(organisation_ids)]):
        return Submitter.from_db(DEFAULT_DB_ALIAS, ["id", "organisation_id"], row)
    return None


# In SQL as above: nearly every statement's request asks.
_SUBMITTER = Prepared("""
    SELECT id, organisation_id FROM submitters_submitter WHERE id = %s::uuid AND organisation_id = ANY(%s::uuid[])
""")
