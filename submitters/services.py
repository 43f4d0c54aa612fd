"""Creating organisations, submitters and API clients."""

from collections.abc import Collection, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from clinical_engine.api.scopes import SCOPES
from clinical_engine.audit import services as audit
from clinical_engine.common.errors import Refusal, RefusedError
from submitters.keys import hash_key, new_key, prefix_of
from submitters.models import ApiClient, Organisation


@transaction.atomic
def create_api_client(
    *,
    actor: AbstractBaseUser | None,
    name: str,
    scopes: Collection[str],
    organisations: Sequence[Organisation],
) -> tuple[ApiClient, str]:
    """Create a client; it and its key, which is shown this once. Raises RefusedError for an unknown scope."""
    if unknown := set(scopes) - set(SCOPES):
        raise RefusedError(Refusal("scopes", "unknown_scope", f"Unknown: {', '.join(sorted(unknown))}."))
    key = new_key()
    client = ApiClient.objects.create(
        name=name, key_prefix=prefix_of(key), key_hash=hash_key(key), scopes=sorted(scopes)
    )
    client.organisations.set(organisations)
    audit.record(
        actor=actor,
        action="api_client.create",
        targets=[audit.Target("api_client", client.id, details={"scopes": sorted(scopes)})],
    )
    return client, key


@transaction.atomic
def revoke_api_client(*, actor: AbstractBaseUser, client: ApiClient, reason: str) -> bool:
    """Refuse the client's key from now on; False when it was revoked before."""
    revoked = ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1
    if revoked:
        target = audit.Target("api_client", client.id)
        audit.record(actor=actor, action="api_client.revoke", targets=[target], reason=reason)
    return revoked
