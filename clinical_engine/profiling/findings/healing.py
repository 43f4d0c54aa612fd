"""Times that a clock which was ahead has left in the future, brought back: otherwise they would hold until those days come."""

from clinical_engine.common.database import execute
from clinical_engine.profiling.findings.deciding import LATEST_DUE

_NOW = "statement_timestamp()"
_TODAY = f"({_NOW} AT TIME ZONE 'UTC')::date"
_LATEST_DUE = f"{_TODAY} + {LATEST_DUE.days}"
_TIMEOUTS = f"UPDATE profiling_capturedstatement SET timed_out_at = {_NOW} WHERE timed_out_at > {_NOW}"  # noqa: S608 - ours
# One that nobody has touched is due as long after now as it was after it was found; any other as late as people may say.
_FINDINGS = f"""
    UPDATE profiling_finding SET
        found_at = LEAST(found_at, {_NOW}),
        seen_at = LEAST(seen_at, {_NOW}),
        closed_at = CASE WHEN closed_at > {_NOW} THEN {_NOW} ELSE closed_at END,
        due_on = CASE
            WHEN found_at > {_NOW} AND version = 0 THEN due_on - ((found_at AT TIME ZONE 'UTC')::date - {_TODAY})
            ELSE LEAST(due_on, {_LATEST_DUE}) END
    WHERE found_at > {_NOW} OR seen_at > {_NOW} OR closed_at > {_NOW} OR (closed_at IS NULL AND due_on > {_LATEST_DUE})
"""  # noqa: S608 - ours


def heal() -> None:
    """Let what timed out, was found or was decided in the future have been now; two statements, which mostly find nothing."""
    execute(_TIMEOUTS)
    execute(_FINDINGS)
