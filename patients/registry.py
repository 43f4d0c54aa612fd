"""Who wants to hear of changed periods. Higher apps register here; this app imports none of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangedPeriods:
    """Whose associations changed, from which time on, and which associations are about to go.

    `rows` is a query, with its named `parameters`, that gives (patient_id, since), each patient once; `vanishing` an array literal
    of associations' ids, None where none goes. Thousands then cost a listener no more Python than a single patient.
    """

    rows: str
    parameters: Mapping[str, object]
    vanishing: str | None = None


PeriodsListener = Callable[[ChangedPeriods], None]
_listeners: list[PeriodsListener] = []


def on_changed_periods(listener: PeriodsListener) -> None:
    """Have `listener` called in the transaction that changes periods, before vanishing associations are deleted."""
    _listeners.append(listener)


def tell_changed_periods(changed: ChangedPeriods) -> None:
    """Tell everyone who registered."""
    for listener in _listeners:
        listener(changed)
