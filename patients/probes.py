"""Missing work about patients, counted one by one: no ratio hides forty patients among a million."""

from django.db.models import Sum

from clinical_engine.monitoring.probes import Probe, Reading
from patients.rosters import selectors as rosters
from patients.selectors import overdue_statements


def _overdue_statements() -> Reading:
    count = overdue_statements().count()
    return Reading(
        count, count == 0, "" if count == 0 else "Patients are stated active or inactive but not linked so."
    )


def _drift() -> Reading:
    count = rosters.drifting().aggregate(patients=Sum("drift"))["patients"] or 0
    return Reading(
        count, count == 0, "" if count == 0 else "Patients are active in vitals and not linked here."
    )


def _held() -> Reading:
    count = rosters.held().count()
    return Reading(count, count == 0, "" if count == 0 else "Rosters wait for a person to confirm them.")


PROBES = (
    Probe(
        "statements_overdue", "Accepted statements past due that no association shows", _overdue_statements
    ),
    Probe("roster_drift", "Patients on a submitter's last roster who are not linked to it", _drift),
    Probe("rosters_held", "Rosters that the guard holds until a person confirms them", _held),
)
