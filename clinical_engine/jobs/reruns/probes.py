"""What bulk reruns say of their health."""

from clinical_engine.jobs.reruns.progress import waiting_for_a_person
from clinical_engine.monitoring.probes import Probe, Reading


def _paused() -> Reading:
    count = waiting_for_a_person().count()
    return Reading(count, count == 0, "" if count == 0 else "Bulk reruns wait for a person.")


RERUN_PROBES = (
    Probe("reruns_paused", "Bulk reruns that are paused, or have not made a step for a minute", _paused),
)
