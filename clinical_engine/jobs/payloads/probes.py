"""What stored payloads say of the release."""

from clinical_engine.jobs.payloads.waiting import count_waiting_for_release
from clinical_engine.monitoring.probes import Probe, Reading

# Counting stops here: a probe must stay cheap when a hundred thousand jobs wait.
_COUNT_UP_TO = 10_000


def _waiting() -> Reading:
    count = count_waiting_for_release(_COUNT_UP_TO)
    return Reading(count, count == 0, "" if count == 0 else "Jobs wait for a release that can read them.")


PAYLOAD_PROBES = (
    Probe(
        "jobs_waiting_for_release",
        "Unfinished jobs that this release does not know or cannot read (counted up to 10,000)",
        _waiting,
    ),
)
