"""Missing work about patients, counted one by one: no ratio hides forty patients among a million."""

from clinical_engine.monitoring.probes import Probe, Reading
from patients.selectors import overdue_statements


def _overdue_statements() -> Reading:
    count = overdue_statements().count()
    return Reading(
        count, count == 0, "" if count == 0 else "Patients are stated active or inactive but not linked so."
    )


PROBES = (
    Probe(
        "statements_overdue", "Accepted statements past due that no association shows", _overdue_statements
    ),
)
