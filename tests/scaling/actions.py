"""What is done to the engine, as data: a name, and how to get ready for it in a world."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from tests.scaling.comparing import Summary, measured
from tests.scaling.world import World

Act = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Action:
    """`prepare` makes, for a request of so many items, what is done and measured.

    `bulk` declares a helper that takes many things at once: what it sends may grow with its request, never with the world.
    `takes_all` declares one whose request is all that a filter matches: what it sends may grow as that does.
    """

    prepare: Callable[[World, int], Act]
    bulk: bool = False
    takes_all: bool = False
    check: Callable[[], None] = lambda: None
    """Fails unless all was done: what fails half-way sends little. It is not measured."""


def run(action: Action, world: World, request: int) -> Summary:
    """What the action sends. Whatever it writes is undone, so that the next one finds the same world."""
    with transaction.atomic():
        summary = measured(action.prepare(world, request))
        action.check()
        transaction.set_rollback(True)
    return summary


def expect(answer: Any, *statuses: int) -> None:
    """Fail unless the answer has one of the statuses."""
    assert answer.status_code in statuses, (answer.status_code, answer.content[:2_000])
