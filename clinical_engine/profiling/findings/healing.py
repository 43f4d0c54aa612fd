"""Times that a clock which was ahead has left in the future, brought back: otherwise they would hold until those days come."""

from datetime import datetime

from clinical_engine.common.database import execute
from clinical_engine.profiling.findings.deciding import LATEST_DUE

_NOW = "statement_timestamp()"
_TODAY = f"({_NOW} AT TIME ZONE 'UTC')::date"
_LATEST = "%(latest)s::timestamptz"
_TOO_LATE = f"({_LATEST} AT TIME ZONE 'UTC')::date + {LATEST_DUE.days}"
_TIMEOUTS = f"UPDATE profiling_capturedstatement SET timed_out_at = {_NOW} WHERE timed_out_at > {_LATEST}"  # noqa: S608 - ours
# One that nobody has touched is due as long after now as it was after it was found; any other as late as people may say.
_FINDINGS = f"""
    UPDATE profiling_finding SET
        found_at = CASE WHEN found_at > {_LATEST} THEN {_NOW} ELSE found_at END,
        seen_at = CASE WHEN seen_at > {_LATEST} THEN {_NOW} ELSE seen_at END,
        closed_at = CASE WHEN closed_at > {_LATEST} THEN {_NOW} ELSE closed_at END,
        due_on = CASE
            WHEN found_at > {_LATEST} AND version = 0 THEN due_on - ((found_at AT TIME ZONE 'UTC')::date - {_TODAY})
            WHEN due_on > {_TOO_LATE} THEN {_TODAY} + {LATEST_DUE.days}
            ELSE due_on END
    WHERE found_at > {_LATEST} OR seen_at > {_LATEST} OR closed_at > {_LATEST}
        OR (closed_at IS NULL AND due_on > {_TOO_LATE})
"""  # noqa: S608 - ours


def heal(latest: datetime) -> None:
    """Let what timed out, was found or was decided later than that have been now; two statements, which mostly find nothing.

    `latest` is the latest time that can be true. Not to be called while the clock may be behind: what is true would be lost.
    """
    execute(_TIMEOUTS, {"latest": latest})
    execute(_FINDINGS, {"latest": latest})
