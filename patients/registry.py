"""Who wants to hear of changed periods and facts. Higher apps register here; this app imports none of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


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


FactsListener = Callable[[Mapping[UUID, datetime], Mapping[UUID, UUID]], None]
_facts_listeners: list[FactsListener] = []


def on_changed_facts(listener: FactsListener) -> None:
    """Have `listener` called in the transaction that records or takes back facts.

    With the time from which on facts change, by patient, and the patients' organisations. The patients' locks are not held: what a
    listener does not see, a measurement say, may be coming in at this moment, so it must leave nobody out for it.
    """
    _facts_listeners.append(listener)


def tell_changed_facts(since: Mapping[UUID, datetime], organisation_ids: Mapping[UUID, UUID]) -> None:
    """Tell everyone who registered."""
    for listener in _facts_listeners:
        listener(since, organisation_ids)
