"""What scripts say of their health: what is suspended, fails, is out of date, or waits for a second person."""

from django.db.models import Count, QuerySet

from clinical_engine.monitoring.probes import Probe, Reading
from clinical_engine.staff.expressions import bounded
from observations.models import ScriptFailure, ScriptVersion
from observations.scripts.affected import MOST_RESULTS
from observations.scripts.history import suspended_in_force
from observations.scripts.outdated import outdated

# Counting stops here: a script that fails for everybody must not make every health check slow.
_COUNT_UP_TO = 10_000


def _suspended() -> Reading:
    count = len(suspended_in_force())
    message = "" if count == 0 else "Script versions that are in force are suspended: they compute nothing."
    return Reading(count, count == 0, message)


def _failing() -> Reading:
    patients = ScriptFailure.objects.values("patient").distinct()[:_COUNT_UP_TO]
    count = patients.aggregate(number=Count("patient"))["number"]
    return Reading(count, count == 0, "" if count == 0 else "Scripts fail for patients: results are missing.")


def _proposed() -> Reading:
    return Reading(waiting_proposals().count(), ok=True)


def _outdated() -> Reading:
    """Fine while a backfill that covers it runs for each of them."""
    found = outdated()
    if not found:
        return Reading(0, ok=True)
    results = sum(one.found.results for one in found)
    some = " or more" * (results <= MOST_RESULTS and not all(one.found.is_all for one in found))
    stand = f"{bounded(results)}{some} result{'s' * (results != 1)} {'stands' if results == 1 else 'stand'}"
    message = (
        f"{stand} that {'is' if results == 1 else 'are'} not what is in force"
        if results
        else "No backfill followed a publication"
    )
    return Reading(
        len({one.script.pk for one in found}),
        ok=all(one.is_under_way for one in found),
        message=f"{message}, and others may be missing: a backfill brings them in line.",
    )


def waiting_proposals() -> QuerySet[ScriptVersion]:
    """The versions that wait for a second person to publish them."""
    return ScriptVersion.objects.filter(published_at=None).exclude(proposed_at=None)


PROBES = (
    Probe("scripts_suspended", "Script versions in force that are suspended", _suspended),
    Probe("scripts_failing", "Patients for whom a script fails now (counted up to 10,000)", _failing),
    Probe(
        "scripts_outdated",
        "Scripts whose results no backfill has brought in line with what is in force",
        _outdated,
    ),
    Probe("scripts_proposed_waiting", "Script versions that wait for a second person", _proposed),
)
