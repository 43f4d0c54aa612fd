"""Who wants to hear of changed periods. Higher apps register here; this app imports none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ChangedPeriods:
    """Whose associations changed, from which time on, in which organisation, and which associations are about to go."""

    dirty_from: Mapping[UUID, datetime]
    organisation_ids: Mapping[UUID, UUID]
    vanishing: Sequence[int] = ()


PeriodsListener = Callable[[ChangedPeriods], None]
_listeners: list[PeriodsListener] = []


def on_changed_periods(listener: PeriodsListener) -> None:
    """Have `listener` called in the transaction that changes periods, before vanishing associations are deleted."""
    _listeners.append(listener)


def tell_changed_periods(changed: ChangedPeriods) -> None:
    """Tell everyone who registered."""
    for listener in _listeners:
        listener(changed)
