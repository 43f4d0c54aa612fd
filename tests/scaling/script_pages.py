"""The pages on which something is put in force, and what is done on them."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from observations.models import ObservationScript, ScriptVersion
from observations.scripts.history import history_of
from observations.scripts.publishing import pin, publish_released
from tests import factories
from tests.factories import NOON
from tests.scaling.actions import Act, Action, expect
from tests.scaling.world import World

_SAID = {"reason": "A test of what grows", "effective_from": "2026-03-10T12:00:00"}
_Ready = Callable[[World], Mapping[str, object]]
"""Makes the world ready for a deed within what is undone; the fields that the form asks besides the usual ones."""


def script_pages(world: World) -> dict[str, Action]:
    """By the page's name, behind which a space and more words may stand."""
    script, draft = world.version.script, _draft()
    new = "observations_observationscript_new"
    return {
        new: _shown(reverse(f"admin:{new}")),
        f"{new} done": _done(
            reverse(f"admin:{new}"), lambda _: {"name": "new", "title": "New", "code": "new"}
        ),
        "observations_observationscript_repair": _shown(_repair(script), _two_published),
        "observations_observationscript_repair done": _done(_repair(script), _two_published),
        **_of(script, "draft", lambda _: {}),
        **_of(script, "roll_back", _two_published),
        **_of(script, "pin", _organisation),
        **_of(script, "lift_pin", _pinned),
        **_of(script, "withdraw", lambda _: {}),
        **_of(draft, "propose", lambda _: {}),
        **_of(draft, "publish", _proposed),
        **_of(draft, "take_back", _proposed),
        **_of(draft, "discard", lambda _: {}),
        **_of(world.version, "resume", _suspended),
    }


def _draft() -> ScriptVersion:
    return ScriptVersion.objects.filter(published_at=None).latest("number")


def _address(thing: ObservationScript | ScriptVersion, deed: str) -> str:
    return reverse(f"admin:observations_{type(thing).__name__.lower()}_{deed}", args=[thing.pk])


def _repair(script: ObservationScript) -> str:
    return f"{_address(script, 'repair')}?{urlencode({'since': '2026-01-01T00:00:00+00:00'})}"


def _of(thing: ObservationScript | ScriptVersion, deed: str, ready: _Ready) -> dict[str, Action]:
    address, name = _address(thing, deed), f"observations_{type(thing).__name__.lower()}_{deed}"
    return {name: _shown(address, ready), f"{name} done": _done(address, ready)}


def _shown(address: str, ready: _Ready = lambda _: {}) -> Action:
    def prepare(world: World, _: int) -> Act:
        ready(world)
        return lambda: expect(world.admin.get(address), 200)

    return Action(prepare)


def _done(address: str, ready: _Ready) -> Action:
    def prepare(world: World, _: int) -> Act:
        sent = {**_SAID, "seen": history_of(world.version.script).last_id, **ready(world)}
        return lambda: expect(world.admin.post(address, sent), 302)

    return Action(prepare)


def _seen(world: World) -> int:
    return history_of(world.version.script).last_id


def _two_published(world: World) -> Mapping[str, object]:
    publish_released(version=_draft(), effective_from=NOON)
    return {"version": world.version.pk, "seen": _seen(world)}


def _organisation(world: World) -> Mapping[str, object]:
    return {"version": world.version.pk, "organisation": world.caller.organisation.pk}


def _pinned(world: World) -> Mapping[str, object]:
    pin(
        actor=world.actor,
        version=world.version,
        organisation=world.caller.organisation,
        effective_from=NOON,
        reason="A study",
    )
    return {"organisation": world.caller.organisation.pk, "seen": _seen(world)}


def _proposed(_: World) -> Mapping[str, object]:
    now, someone = timezone.now(), factories.user()
    ScriptVersion.objects.filter(pk=_draft().pk).update(
        proposed_at=now, proposed_by=someone, proposed_effective_from=NOON
    )
    return {"seen": now.isoformat()}


def _suspended(world: World) -> Mapping[str, object]:
    ScriptVersion.objects.filter(pk=world.version.pk).update(suspended_at=NOON, suspended_as_of=NOON)
    return {}
