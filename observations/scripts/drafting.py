"""Writing versions: a draft may be changed until it is published."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from observations.models import Code, CodeSystem, ObservationScript, ScriptVersion, ValueKind
from observations.scripts.content import ScriptContent, check, content_of
from submitters.models import Organisation

_PUBLISHED = "This version is published: it is never changed. Draft a new one from it."


@transaction.atomic
def create_script(
    *, actor: AbstractBaseUser | None, name: str, title: str, organisation: Organisation | None = None
) -> ObservationScript:
    """A script without a version yet. Raises RefusedError when the name is taken."""
    script, is_new = ObservationScript.objects.get_or_create(
        name=name, defaults={"title": title, "organisation": organisation}
    )
    if not is_new:
        raise RefusedError(Refusal("name", "taken", "There is a script of this name."))
    audit.record(actor=actor, action="script.create", targets=[target_of_script(script)])
    return script


@transaction.atomic
def draft_version(
    *, actor: AbstractBaseUser | None, script: ObservationScript, code: str, content: ScriptContent
) -> ScriptVersion:
    """Store a new version of a script as a draft; `code` is what its results are filed under.

    Raises RefusedError with everything that is wrong with it.
    """
    # The script's row serialises two authors who draft at once: they get different numbers.
    ObservationScript.objects.select_for_update(no_key=True).get(pk=script.pk)
    check(script.name, content)
    newest = script.versions.aggregate(number=Max("number"))["number"] or 0
    version = ScriptVersion.objects.create(
        script=script,
        number=newest + 1,
        code=_filed_under(code, script.title),
        edited_by_id=actor.pk if actor else None,
        **_columns(content),
    )
    audit.record(actor=actor, action="script.draft", targets=[target_of(version)])
    return version


@transaction.atomic
def save_draft(
    *,
    actor: AbstractBaseUser | None,
    version: ScriptVersion,
    content: ScriptContent,
    seen: Any,  # noqa: ANN401 - a time
) -> bool:
    """Let a draft say something else; False when it says so already. A proposal of it is taken back.

    `seen` is the `edited_at` of what was edited. Raises RefusedError with everything that is wrong with the content,
    NotAllowedNowError when it is published, or was changed by somebody else meanwhile.
    """
    draft = ScriptVersion.objects.select_for_update().get(pk=version.pk)
    if draft.published_at is not None:
        raise NotAllowedNowError(_PUBLISHED)
    if draft.edited_at != seen:
        raise NotAllowedNowError("The draft was changed meanwhile. Look at it as it is now, and edit that.")
    if _says(draft, content):
        return False
    check(draft.script.name, content)
    ScriptVersion.objects.filter(pk=draft.pk).update(
        **_columns(content),
        edited_at=timezone.now(),
        edited_by_id=actor.pk if actor else None,
        proposed_at=None,
        proposed_by=None,
        proposed_effective_from=None,
    )
    audit.record(actor=actor, action="script.edit", targets=[target_of(draft)])
    return True


@transaction.atomic
def discard_draft(*, actor: AbstractBaseUser | None, version: ScriptVersion, reason: str) -> None:
    """Delete a draft, with what was tried with it. Raises NotAllowedNowError when it is published."""
    draft = ScriptVersion.objects.select_for_update().get(pk=version.pk)
    if draft.published_at is not None:
        raise NotAllowedNowError(_PUBLISHED)
    audit.record(actor=actor, action="script.discard", targets=[target_of(draft)], reason=reason)
    draft.comparisons.all().delete()
    draft.delete()


def _says(draft: ScriptVersion, content: ScriptContent) -> bool:
    said = content_of(draft)
    return said == content and list(said.inputs) == list(content.inputs)


def _columns(content: ScriptContent) -> dict[str, Any]:
    return {
        "source": content.source,
        "inputs": content.inputs,
        "input_order": list(content.inputs),
        "outputs": content.outputs,
        "test_cases": content.test_cases,
        "note": content.note,
    }


def _filed_under(code: str, title: str) -> Code:
    """The code of results. Raises RefusedError when it is one of measurements."""
    found, _ = Code.objects.get_or_create(
        code=code,
        defaults={
            "system": CodeSystem.OWN,
            "display": title,
            "value_kind": ValueKind.QUANTITY,
            "is_computed": True,
        },
    )
    if not found.is_computed:
        raise RefusedError(
            Refusal("code", "measured", "Measurements have this code: results need their own.")
        )
    return found


def target_of(version: ScriptVersion) -> audit.Target:
    """The version as the audit trail names it."""
    return audit.Target("script_version", version.pk, version.script.organisation_id)


def target_of_script(script: ObservationScript) -> audit.Target:
    """The script as the audit trail names it."""
    return audit.Target("observation_script", script.pk, script.organisation_id)
