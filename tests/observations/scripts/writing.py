"""Scripts for tests, through the services."""

from datetime import datetime
from typing import Any

from observations.models import ObservationScript, ScriptVersion
from observations.scripts.content import ScriptContent
from observations.scripts.drafting import create_script, draft_version
from observations.scripts.library import LibraryScript
from observations.scripts.publishing import publish_released
from tests.factories import NOON, days

SINCE_EVER = NOON - days(10_000)
PULSE, WEIGHT = "8867-4", "29463-7"
_SECONDS_OF_A_DAY = 86_400


def reads(code: str, how: str = "latest", window_days: float = 1, **more: object) -> dict[str, Any]:
    """A declared input."""
    return {"code": code, "how": how, "window_seconds": int(window_days * _SECONDS_OF_A_DAY), **more}


def reads_script(name: str, how: str = "latest", window_days: float = 1, **more: object) -> dict[str, Any]:
    """A declared input that is a result of another script."""
    return {"script": name, "how": how, "window_seconds": int(window_days * _SECONDS_OF_A_DAY), **more}


def gives(**more: object) -> dict[str, Any]:
    """One output."""
    return {"code": "result", **more}


def content(
    source: str,
    inputs: dict[str, Any],
    outputs: dict[str, Any] | None = None,
    test_cases: list[dict[str, Any]] | None = None,
) -> ScriptContent:
    cases = [{"inputs": dict.fromkeys(inputs), "not_computable": True}] if test_cases is None else test_cases
    return ScriptContent(source, inputs, outputs or {"result": gives()}, cases)


def script_named(name: str, **fields: Any) -> ObservationScript:
    found = ObservationScript.objects.filter(name=name).first()
    return found or create_script(actor=None, name=name, title=name.capitalize(), **fields)


def draft(name: str, written: ScriptContent, code: str | None = None) -> ScriptVersion:
    return draft_version(
        actor=None, script=script_named(name), code=code or f"result-of-{name}", content=written
    )


def draft_of(shipped: LibraryScript) -> ScriptVersion:
    """What the library ships, as a draft."""
    written = ScriptContent(shipped.source, shipped.inputs, shipped.outputs, shipped.test_cases)
    owner = ObservationScript.objects.filter(name=shipped.name).first() or create_script(
        actor=None, name=shipped.name, title=shipped.title
    )
    return draft_version(actor=None, script=owner, code=shipped.code, content=written)


def publish(name: str, written: ScriptContent, effective_from: datetime = SINCE_EVER) -> ScriptVersion:
    version = draft(name, written)
    publish_released(version=version, effective_from=effective_from)
    return version
