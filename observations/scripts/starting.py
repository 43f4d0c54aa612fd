"""How a script begins: with a first draft that is complete, to be written over."""

from dataclasses import replace

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from clinical_engine.common.errors import NotAllowedNowError
from observations.models import ObservationScript, ScriptVersion
from observations.scripts.content import ScriptContent, content_of
from observations.scripts.drafting import create_script, draft_version
from observations.scripts.history import history_of
from submitters.models import Organisation

_SOURCE = """\
# The latest pulse of a day, per minute. Write over it what the script is to compute.
result = pulse
"""
_PULSE = {"code": "8867-4", "how": "latest", "window_seconds": 86_400}


@transaction.atomic
def start_script(
    *, actor: AbstractBaseUser, name: str, title: str, code: str, organisation: Organisation | None = None
) -> ScriptVersion:
    """A new script with a first draft out of a template; `code` is what its results are filed under.

    Raises RefusedError when the name is taken, or measurements have the code.
    """
    script = create_script(actor=actor, name=name, title=title, organisation=organisation)
    return draft_version(actor=actor, script=script, code=code, content=_template(code))


@transaction.atomic
def new_draft(
    *, actor: AbstractBaseUser, script: ObservationScript, newest: int | None = None
) -> ScriptVersion:
    """A draft that says what is in force for all now; else what the newest version says, or the template.

    `newest` is the number of the newest version that was looked at, 0 for none. Raises NotAllowedNowError when another was drafted
    since; RefusedError when what it would say is not valid any more, as when a code was removed from the catalogue.
    """
    ObservationScript.objects.select_for_update(no_key=True).get(pk=script.pk)
    last = script.versions.order_by("-number").first()
    if newest not in {None, number_of(last)}:
        raise NotAllowedNowError(f"v{number_of(last)} was drafted meanwhile: nothing was drafted beside it.")
    now = history_of(script).at(timezone.now())
    version = (None if now is None else now.version) or last
    if version is None:
        content, code = _template(script.name), script.name
    else:
        content, code = replace(content_of(version), note=""), version.code.code
    return draft_version(actor=actor, script=script, code=code, content=content)


def number_of(version: ScriptVersion | None) -> int:
    """The number of a version, 0 for none."""
    return 0 if version is None else version.number


def _template(code: str) -> ScriptContent:
    cases = [
        {"name": "the value itself", "inputs": {"pulse": 72}, "expected": {"result": 72}},
        {"name": "nothing measured", "inputs": {"pulse": None}, "not_computable": "no value for pulse"},
    ]
    return ScriptContent(_SOURCE, {"pulse": _PULSE}, {"result": {"code": code, "unit": "/min"}}, cases)
