"""Doing everything in three worlds, once for all tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.contrib.admin import site

from tests.scaling.actions import Action, run
from tests.scaling.comparing import Summary, complaints
from tests.scaling.endpoints import ENDPOINTS, FHIR, MONITORING
from tests.scaling.pages import ROWS_ON_A_PAGE, pages
from tests.scaling.sizes import LARGE_REQUEST, REQUEST, SIZES
from tests.scaling.work import KINDS, periodic
from tests.scaling.world import World, undone


@dataclass
class Measured:
    """What each action sent: by the number of patients, and for bulk helpers by the number of items of the request."""

    by_patients: dict[str, dict[int, Summary]] = field(default_factory=dict)
    by_request: dict[str, dict[int, Summary]] = field(default_factory=dict)
    takes_all: set[str] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)

    def measure(self, name: str, action: Action, world: World) -> None:
        """Do it once, as it is done in a world of this size; one that fails is remembered, and the others go on."""
        with self._remembering(name):
            self.by_patients.setdefault(name, {})[world.patients] = run(action, world, REQUEST)

    def measure_requests(self, name: str, action: Action, world: World) -> None:
        """Do it for a few items and for many."""
        with self._remembering(name):
            self.by_request[name] = {size: run(action, world, size) for size in (REQUEST, LARGE_REQUEST)}

    @contextmanager
    def _remembering(self, name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the test of this action tells it
            self.broken[name] = repr(error)

    def complaints(self, prefix: str) -> list[str]:
        """A sentence for everything that grows, of the actions whose name begins so."""
        found = [f"{name} fails: {why}" for name, why in self.broken.items() if _begins(name, prefix)]
        for name in sorted(name for name in self.by_patients if _begins(name, prefix)):
            found += complaints(name, self.by_patients[name], request_grows=name in self.takes_all)
            if name in self.by_request:
                found += complaints(
                    name, self.by_request[name], of="items in the request", request_grows=True
                )
        return found


def measure_everything() -> Measured:
    """Build three worlds, one growing out of the other, and do everything in each; nothing of it is kept."""
    found = Measured()
    with pytest.MonkeyPatch.context() as patched, undone() as world:
        for admin in site._registry.values():
            patched.setattr(admin, "list_per_page", ROWS_ON_A_PAGE)
        _measure(world, found)
    return found


def _begins(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix} ")


def _measure(world: World, found: Measured) -> None:
    world.grow(SIZES[0])
    actions = _actions(world)
    found.takes_all |= {name for name, action in actions.items() if action.takes_all}
    for name, action in actions.items():
        # What is cached for the life of a process is asked for once; a list's filters find it done.
        if "?" not in name:
            found.measure(name, action, world)
        if action.bulk:
            found.measure_requests(name, action, world)
    for size in SIZES:
        world.grow(size)
        for name in [name for name in actions if name not in found.broken]:
            found.measure(name, actions[name], world)


def _actions(world: World) -> Mapping[str, Action]:
    return {
        **{f"api {name}": action for name, action in ENDPOINTS.items()},
        **{f"fhir {name}": action for name, action in FHIR.items()},
        **{f"monitoring {name}": action for name, action in MONITORING.items()},
        **{f"job {name}": action for name, action in KINDS.items()},
        **{f"periodic {name}": action for name, action in periodic().items()},
        **pages(world),
    }
