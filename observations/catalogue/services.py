"""Editing the catalogue: each change is one transaction with its entry in the audit trail.

Triggers tell every process that keeps a copy (`observations.catalogue.catalogue`) when a change commits.
"""

from collections.abc import Iterator

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, OperationalError, transaction

from clinical_engine.audit import services as audit
from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from observations.catalogue.content import Content, content_of, differences, write_lists
from observations.catalogue.rules import refusals_of, refusals_of_change
from observations.catalogue.usage import limit_patience
from observations.models import Code, CodePart, ScriptVersion
from observations.scripts.declarations import MeasurementInput, declared_inputs, measured_codes

COMPUTED = "This code is computed by scripts, which say what it means: it is not edited here."
_TAKEN = Refusal("code", "taken", "The catalogue has this code already.")


@transaction.atomic
def create_code(*, actor: AbstractBaseUser | None, content: Content, reason: str) -> Code:
    """Add a code. Raises RefusedError with everything that is wrong with it, each by its field."""
    _refuse(refusals_of(content, _parts_of(content)))
    code = Code(**content.columns())
    try:
        with transaction.atomic():
            code.save(force_insert=True)
    except IntegrityError as error:
        raise RefusedError(_TAKEN) from error
    write_lists(code, None, content)
    target = audit.Target("code", code.pk, details={"code": code.code})
    audit.record(actor=actor, action="code.create", targets=[target], reason=reason)
    return code


@transaction.atomic
def change_code(
    *, actor: AbstractBaseUser | None, code_id: int, content: Content, seen: str, reason: str
) -> bool:
    """Let a code say something else; False when it says so already. `seen` is the mark of the content that was edited.

    Never changed are the code itself, its system, its kind of value, its canonical unit and how a unit is converted; and what
    stored readings have is not removed: they would mean something else, or nothing. Raises RefusedError for that and for
    whatever is wrong with the content, NotAllowedNowError when somebody changed the code meanwhile or it is computed.
    """
    # NO KEY: readings of the code go on being stored meanwhile.
    code = Code.objects.select_for_update(no_key=True).get(pk=code_id)
    _refuse_computed(code)
    old = content_of(code)
    if old.mark != seen:
        raise NotAllowedNowError("The code was changed meanwhile. Look at it as it is now, and edit that.")
    if old == content:
        return False
    refusals = [
        *refusals_of(content, _parts_of(content)),
        *refusals_of_change(code, old, content),
        *_refusals_of_read_units(code, content),
    ]
    _refuse(iter(refusals))
    Code.objects.filter(pk=code_id).update(**content.columns())
    write_lists(code, old, content)
    target = audit.Target("code", code_id, details={"code": code.code, "changed": differences(old, content)})
    audit.record(actor=actor, action="code.change", targets=[target], reason=reason)
    return True


@transaction.atomic
def remove_code(*, actor: AbstractBaseUser | None, code_id: int, reason: str) -> None:
    """Take a code out of the catalogue that nothing has or names.

    Raises NotAllowedNowError when a reading, a panel or a script does, when it is computed, or when there are so many readings
    that it cannot be told at once.
    """
    code = Code.objects.select_for_update().get(pk=code_id)
    _refuse_computed(code)
    _refuse_named(code)
    try:
        with transaction.atomic():
            limit_patience()
            for rows in (code.units, code.answers, code.parts):
                rows.all().delete()
            # Not through Django, which would fetch every reading of the code to say that there is one.
            execute("DELETE FROM observations_code WHERE id = %s", [code_id])
            # A reading that is being stored right now waits for this, and is refused when it finds the code gone.
            execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        raise NotAllowedNowError("Stored readings or results have this code: it stays.") from error
    except OperationalError as error:
        raise NotAllowedNowError(
            "There are so many readings that it cannot be told at once whether one has this code: it stays."
        ) from error
    target = audit.Target("code", code_id, details={"code": code.code})
    audit.record(actor=actor, action="code.remove", targets=[target], reason=reason)


def _parts_of(content: Content) -> dict[str, Code]:
    return {code.code: code for code in Code.objects.filter(code__in=[part.code for part in content.parts])}


def _refuse(refusals: Iterator[Refusal]) -> None:
    if found := list(refusals):
        raise RefusedError(*found)


def _refuse_computed(code: Code) -> None:
    if code.is_computed:
        raise NotAllowedNowError(COMPUTED)


def _refusals_of_read_units(code: Code, content: Content) -> Iterator[Refusal]:
    """For each unit that is to go although a script wants its readings in it."""
    for version in ScriptVersion.objects.select_related("script"):
        for declared in declared_inputs(version.inputs).values():
            reads = isinstance(declared, MeasurementInput) and declared.code == code.code and declared.unit
            if reads and reads not in content.units:
                message = f"The script {version.script.title} reads {code} in {reads}: it stays."
                yield Refusal("units", "read", message)


def _refuse_named(code: Code) -> None:
    panels = CodePart.objects.filter(part=code).values_list("panel__display", flat=True)
    if names := sorted(panels):
        raise NotAllowedNowError(f"{code} is a part of {', '.join(names)}: it stays.")
    for version in ScriptVersion.objects.select_related("script"):
        if code.code in measured_codes(declared_inputs(version.inputs).values()):
            raise NotAllowedNowError(f"The script {version.script.title} reads {code}: it stays.")
