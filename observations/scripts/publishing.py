"""Putting versions in force: with green tests and a second person; back, for one organisation, or not at all."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from observations.models import ObservationScript, Publication, PublicationKind, ScriptVersion
from observations.scripts.content import check, content_of
from observations.scripts.drafting import target_of, target_of_script
from observations.scripts.history import last_publication, missing_since
from observations.scripts.testing import failing_test_cases
from submitters.models import Organisation

PUBLISHED_MEANWHILE = "This version was published meanwhile. Look at it as it is now."
SECOND_PERSON = "Somebody else must publish it: you wrote or proposed this version."


@transaction.atomic
def propose(*, actor: AbstractBaseUser, version: ScriptVersion, effective_from: datetime) -> None:
    """Ask a second person to put a draft in force from `effective_from` on.

    Raises NotAllowedNowError when it is published or proposed already, has no test case, or one of them fails.
    """
    draft = _locked(version)
    if draft.published_at is not None:
        raise NotAllowedNowError("This version is published already.")
    if draft.proposed_at is not None:
        raise NotAllowedNowError("This version is proposed already: take that back first.")
    _require_green(draft)
    ScriptVersion.objects.filter(pk=draft.pk).update(
        proposed_at=timezone.now(), proposed_by_id=actor.pk, proposed_effective_from=effective_from
    )
    audit.record(actor=actor, action="script.propose", targets=[target_of(draft)])


@transaction.atomic
def take_back_proposal(*, actor: AbstractBaseUser, version: ScriptVersion, reason: str) -> None:
    """Let a proposal wait no longer. Raises NotAllowedNowError when there is none."""
    draft = _locked(version)
    if draft.proposed_at is None or draft.published_at is not None:
        raise NotAllowedNowError("This version is not proposed.")
    ScriptVersion.objects.filter(pk=draft.pk).update(
        proposed_at=None, proposed_by=None, proposed_effective_from=None
    )
    audit.record(actor=actor, action="script.take_back", targets=[target_of(draft)], reason=reason)


@transaction.atomic
def publish_proposed(
    *, actor: AbstractBaseUser, version: ScriptVersion, reason: str = "", seen: datetime | None = None
) -> Publication:
    """Put a proposed version in force, as the second person. `seen` is the `proposed_at` of the proposal that was looked at.

    Raises NotAllowedNowError when it is not proposed, was published or proposed anew since it was seen, the actor wrote or
    proposed it, or a test case fails.
    """
    draft = _locked(version)
    if draft.published_at is not None:
        raise NotAllowedNowError(PUBLISHED_MEANWHILE)
    if draft.proposed_effective_from is None:
        raise NotAllowedNowError("This version is not proposed.")
    if not is_second_person(actor, draft):
        raise NotAllowedNowError(SECOND_PERSON)
    if seen not in {None, draft.proposed_at}:
        raise NotAllowedNowError("It was proposed anew meanwhile. Look at it as it is now.")
    publication = _of(draft, PublicationKind.PUBLISH, draft.proposed_effective_from, reason)
    publication.proposed_by_id = draft.proposed_by_id
    return _publish(actor, draft, publication)


@transaction.atomic
def publish_released(*, version: ScriptVersion, effective_from: datetime) -> Publication:
    """Put a version that came with a release in force; nobody's account stands for it.

    Raises NotAllowedNowError when it is published already, has no test case, or one of them fails.
    """
    draft = _locked(version)
    if draft.published_at is not None:
        raise NotAllowedNowError("This version is published already.")
    return _publish(None, draft, _of(draft, PublicationKind.PUBLISH, effective_from))


@transaction.atomic
def roll_back(
    *,
    actor: AbstractBaseUser,
    to: ScriptVersion,
    effective_from: datetime,
    reason: str,
    seen: int | None = None,
) -> Publication:
    """Put a version that was published before in force again, from `effective_from` on.

    `seen`, here and below, is the id of the script's last publication that was looked at, 0 for none. Raises NotAllowedNowError
    when the version never was published, or something was published since it was seen; RefusedError without a reason.
    """
    _require_published(to)
    return _append(actor, _of(to, PublicationKind.ROLL_BACK, effective_from, reason), seen)


@transaction.atomic
def pin(  # noqa: PLR0913 - keyword-only, and each is what a form asks
    *,
    actor: AbstractBaseUser,
    version: ScriptVersion,
    organisation: Organisation,
    effective_from: datetime,
    reason: str,
    seen: int | None = None,
) -> Publication:
    """Keep one organisation on a published version, whatever is published for all.

    Raises NotAllowedNowError as `roll_back` does, and when the script is one organisation's: there is nothing to differ from.
    """
    _require_published(version)
    if version.script.organisation_id is not None:
        raise NotAllowedNowError("The script is one organisation's: put another version in force for it.")
    publication = _of(version, PublicationKind.PIN, effective_from, reason)
    publication.organisation = organisation
    return _append(actor, publication, seen)


@transaction.atomic
def unpin(  # noqa: PLR0913 - as above
    *,
    actor: AbstractBaseUser,
    script: ObservationScript,
    organisation: Organisation,
    effective_from: datetime,
    reason: str,
    seen: int | None = None,
) -> Publication:
    """Let an organisation follow what is published for all again. Raises NotAllowedNowError as `roll_back` does for `seen`."""
    publication = _ending(script, PublicationKind.UNPIN, effective_from, reason, organisation)
    return _append(actor, publication, seen)


@transaction.atomic
def withdraw(
    *,
    actor: AbstractBaseUser,
    script: ObservationScript,
    effective_from: datetime,
    reason: str,
    seen: int | None = None,
) -> Publication:
    """Let a script compute nothing any more, from `effective_from` on. Raises NotAllowedNowError as `roll_back` does for `seen`."""
    return _append(actor, _ending(script, PublicationKind.WITHDRAW, effective_from, reason), seen)


@transaction.atomic
def resume(*, actor: AbstractBaseUser, version: ScriptVersion, reason: str) -> datetime | None:
    """Let a suspended version compute again; the earliest time as of which it did not, from which results are to be made up for.

    Raises NotAllowedNowError when it is not suspended, RefusedError without a reason.
    """
    _require_reason(reason)
    suspended = _locked(version)
    if suspended.suspended_at is None:
        raise NotAllowedNowError("This version is not suspended.")
    ScriptVersion.objects.filter(pk=suspended.pk).update(
        suspended_at=None, suspended_because="", suspended_as_of=None, failures_in_a_row=0
    )
    audit.record(actor=actor, action="script.resume", targets=[target_of(suspended)], reason=reason)
    return missing_since(suspended)


def is_second_person(actor: AbstractBaseUser, version: ScriptVersion) -> bool:
    """Whether the account neither wrote nor proposed the version."""
    return actor.pk not in {version.proposed_by_id, version.edited_by_id}


def _locked(version: ScriptVersion) -> ScriptVersion:
    ObservationScript.objects.select_for_update(no_key=True).get(pk=version.script_id)
    return ScriptVersion.objects.select_for_update(of=("self",)).select_related("script").get(pk=version.pk)


def _require_green(version: ScriptVersion) -> None:
    # The catalogue and other scripts may have changed since it was drafted.
    check(version.script.name, content_of(version))
    if problems := failing_test_cases(version):
        raise NotAllowedNowError(f"The version was not published: {problems[0]}")


def _of(
    version: ScriptVersion, kind: PublicationKind, effective_from: datetime, reason: str = ""
) -> Publication:
    return Publication(
        script=version.script, version=version, kind=kind, effective_from=effective_from, reason=reason
    )


def _publish(actor: AbstractBaseUser | None, version: ScriptVersion, publication: Publication) -> Publication:
    _require_green(version)
    ScriptVersion.objects.filter(pk=version.pk).update(published_at=timezone.now())
    return _append(actor, publication)


def _require_published(version: ScriptVersion) -> None:
    if ScriptVersion.objects.get(pk=version.pk).published_at is None:
        raise NotAllowedNowError("This version was never published: propose it first.")


def _ending(
    script: ObservationScript,
    kind: PublicationKind,
    effective_from: datetime,
    reason: str,
    organisation: Organisation | None = None,
) -> Publication:
    return Publication(
        script=script, organisation=organisation, kind=kind, effective_from=effective_from, reason=reason
    )


def _append(actor: AbstractBaseUser | None, publication: Publication, seen: int | None = None) -> Publication:
    script, version = publication.script, publication.version
    if publication.kind != PublicationKind.PUBLISH:
        _require_reason(publication.reason)
    ObservationScript.objects.select_for_update(no_key=True).get(pk=script.pk)
    _require_unchanged(script, seen)
    publication.published_by_id = actor.pk if actor else None
    publication.save(force_insert=True)
    audit.record(
        actor=actor,
        action=f"script.{publication.kind}",
        targets=[target_of_script(script) if version is None else target_of(version)],
        reason=publication.reason,
    )
    return publication


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise RefusedError(Refusal("reason", "required", "A reason is required."))


def _require_unchanged(script: ObservationScript, seen: int | None) -> None:
    """Raise NotAllowedNowError when others were faster; under the script's lock."""
    if seen is None:
        return
    if seen != last_publication(script):
        raise NotAllowedNowError("Something else was put in force meanwhile. Look at it as it is now.")
