"""Creating organisations, submitters and API clients."""

from collections.abc import Collection, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from clinical_engine.api.scopes import SCOPES
from clinical_engine.audit import services as audit
from clinical_engine.common.errors import Refusal, RefusedError
from submitters.keys import hash_key, new_key, prefix_of
from submitters.models import ApiClient, Organisation, Submitter


@transaction.atomic
def create_organisation(
    *, actor: AbstractBaseUser | None, name: str, time_zone: str, reason: str = ""
) -> Organisation:
    """Create a care provider. Raises RefusedError for a name that is taken or empty, or an unknown time zone."""
    organisation = Organisation(name=name, time_zone=time_zone)
    _save_new(organisation)
    target = audit.Target("organisation", organisation.id, organisation.id)
    audit.record(actor=actor, action="organisation.create", targets=[target], reason=reason)
    return organisation


@transaction.atomic
def create_submitter(
    *, actor: AbstractBaseUser | None, organisation: Organisation, name: str, reason: str = ""
) -> Submitter:
    """Create a programme of an organisation. Raises RefusedError for a name that is empty or taken in the organisation."""
    submitter = Submitter(organisation=organisation, name=name)
    _save_new(submitter)
    target = audit.Target("submitter", submitter.id, organisation.id)
    audit.record(actor=actor, action="submitter.create", targets=[target], reason=reason)
    return submitter


def _save_new(row: Organisation | Submitter) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        refusals = [Refusal(field, "invalid", " ".join(texts)) for field, texts in error.message_dict.items()]
        raise RefusedError(*refusals) from error
    row.save(force_insert=True)


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
def revoke_api_client(*, actor: AbstractBaseUser | None, client: ApiClient, reason: str) -> bool:
    """Refuse the client's key from now on; False when it was revoked before."""
    revoked = ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1
    if revoked:
        target = audit.Target("api_client", client.id)
        audit.record(actor=actor, action="api_client.revoke", targets=[target], reason=reason)
    return revoked
