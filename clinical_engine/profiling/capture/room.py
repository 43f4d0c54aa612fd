"""Room for new statements, where as many are known as may be: what ran once or a few times gives way."""

from collections.abc import Collection

from clinical_engine.common.database import array_literal, execute, fetch_all
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS

# Whoever puts values into texts makes statements that never run again; what the engine sends itself runs more often than that.
_FEW_EXECUTIONS = 3
# In one transaction.
_MOST_AT_ONCE = 2_000


def make_room(number: int, keep: Collection[str]) -> int:
    """Forget as many statements, at most, and 2,000 at most; how many. To be called under the lock of the day rows.

    Of those that ran three times or less since they are known, and of which nothing was ever found: what ran once goes first, and
    of these what ran longest ago. `keep` are fingerprints of others that stay.
    """
    found = fetch_all(
        """
        SELECT id FROM profiling_capturedstatement s
        -- As long as their number, up to 50.
        WHERE length(recent) <= %s AND fingerprint <> %s
            AND NOT EXISTS (SELECT FROM unnest(%s::text[]) AS kept (fingerprint) WHERE kept.fingerprint = s.fingerprint)
            AND NOT EXISTS (SELECT FROM profiling_finding f WHERE f.statement_id = s.id)
        ORDER BY length(recent), last_seen_at, id LIMIT %s FOR UPDATE OF s SKIP LOCKED
        """,
        [_FEW_EXECUTIONS, OTHER_STATEMENTS.fingerprint, array_literal(keep), min(number, _MOST_AT_ONCE)],
    )
    ids = array_literal(each for (each,) in found)
    for table in ("statementday", "caller"):
        execute(f"DELETE FROM profiling_{table} WHERE statement_id = ANY(%s::bigint[])", [ids])  # noqa: S608 - ours
    execute("DELETE FROM profiling_capturedstatement WHERE id = ANY(%s::bigint[])", [ids])
    return len(found)
