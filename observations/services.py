"""Drafting and publishing script versions. What takes measurements in is in intake.py, what computes in recompute.py."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from observations.engine import CompiledScript, NotComputable, ScriptFailed, ScriptRefused, compile_script
from observations.library import LibraryScript
from observations.models import Code, ObservationScript, ScriptVersion
from observations.publications import input_specs


@transaction.atomic
def draft_version(*, actor: AbstractBaseUser | None, script: LibraryScript) -> ScriptVersion:
    """Store a new version of a script, creating the script where needed. Raises RefusedError when it does not compile."""
    owner, _ = ObservationScript.objects.get_or_create(name=script.name, defaults={"title": script.title})
    # The script's row serialises two authors who draft at once: they get different numbers.
    ObservationScript.objects.select_for_update(no_key=True).get(pk=owner.pk)
    newest = owner.versions.aggregate(number=Max("number"))["number"] or 0
    _compile(script.source, script.inputs)
    version = ScriptVersion.objects.create(
        script=owner,
        number=newest + 1,
        source=script.source,
        inputs=script.inputs,
        code=Code.objects.get(code=script.code),
        outputs=script.outputs,
        test_cases=script.test_cases,
    )
    audit.record(actor=actor, action="script.draft", targets=[_target(version)])
    return version


@transaction.atomic
def publish_version(
    *, actor: AbstractBaseUser | None, version: ScriptVersion, effective_from: datetime
) -> None:
    """Put a version in force from `effective_from` on.

    Raises NotAllowedNowError when one of its test cases fails, when it has none, or when it is published already.
    """
    if problems := failing_test_cases(version):
        raise NotAllowedNowError(f"The version was not published: {problems[0]}")
    changed = ScriptVersion.objects.filter(pk=version.pk, published_at=None).update(
        published_at=timezone.now(),
        published_by_id=actor.pk if actor else None,
        effective_from=effective_from,
    )
    if changed != 1:
        raise NotAllowedNowError("This version is published already.")
    audit.record(actor=actor, action="script.publish", targets=[_target(version)])


def failing_test_cases(version: ScriptVersion) -> list[str]:
    """What is wrong with the version's test cases, a sentence each; empty when there are some and all of them pass."""
    if not version.test_cases:
        return ["it has no test case."]
    compiled = _compile(version.source, version.inputs)
    outcomes = (
        (number, _outcome(compiled, case["inputs"])) for number, case in enumerate(version.test_cases, 1)
    )
    return [
        f"test case {number} does not give what it expects."
        for number, outcome in outcomes
        if not _is_expected(outcome, version.test_cases[number - 1]["expected"])
    ]


def install_library(*, scripts: Iterable[LibraryScript]) -> list[ScriptVersion]:
    """Draft and publish those scripts of the library whose text differs from their newest version; the new versions."""
    installed = []
    for script in scripts:
        newest = ScriptVersion.objects.filter(script__name=script.name).order_by("-number").first()
        if newest is None or _content(newest) != (
            script.source,
            script.inputs,
            script.outputs,
            script.test_cases,
        ):
            version = draft_version(actor=None, script=script)
            publish_version(actor=None, version=version, effective_from=script.effective_from)
            installed.append(version)
    return installed


def _content(version: ScriptVersion) -> tuple[Any, ...]:
    return version.source, version.inputs, version.outputs, version.test_cases


def _compile(source: str, inputs: dict[str, Any]) -> CompiledScript:
    try:
        return compile_script(source, tuple(input_specs(inputs)))
    except ScriptRefused as refused:
        raise RefusedError(
            *(
                Refusal(f"line {p.line}, column {p.column}", "script_refused", p.message)
                for p in refused.problems
            )
        ) from refused
    except (KeyError, TypeError) as error:
        raise RefusedError(
            Refusal("inputs", "incomplete", "Each input needs a code and window_seconds.")
        ) from error


def _outcome(compiled: CompiledScript, inputs: dict[str, Any]) -> object:
    try:
        return compiled.run(inputs).value
    except (NotComputable, ScriptFailed) as error:
        return type(error).__name__


def _is_expected(outcome: object, expected: object) -> bool:
    if isinstance(outcome, dict) and isinstance(expected, dict):
        return outcome.keys() == expected.keys() and all(
            _is_expected(outcome[k], expected[k]) for k in outcome
        )
    if isinstance(outcome, (int, float)) and isinstance(expected, (int, float)):
        return math.isclose(outcome, expected, rel_tol=1e-9)
    return outcome == expected


def _target(version: ScriptVersion) -> audit.Target:
    return audit.Target("script_version", version.pk, version.script.organisation_id)
