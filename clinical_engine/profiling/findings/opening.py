"""Opening findings, and bringing open ones up to date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinical_engine.common.database import array_literal, fetch_all

DUE_WITHIN = timedelta(days=14)
QUIET = timedelta(days=30)
_TOLD_LENGTH = 500
# In the order of the unique index: two that write at once would otherwise wait for each other.
_OPEN = """
    INSERT INTO profiling_finding (statement_id, kind, told, severity, release, found_at, seen_at, note, due_on)
    SELECT found.statement_id, found.kind, found.told, found.severity, found.release, %(now)s, %(now)s, '', found.due_on
    FROM unnest(%(statements)s::bigint[], %(kinds)s::text[], %(told)s::text[], %(severities)s::float8[], %(releases)s::text[],
                %(due_on)s::date[])
         AS found (statement_id, kind, told, severity, release, due_on)
    WHERE EXISTS (
        SELECT FROM profiling_finding AS standing
        WHERE standing.statement_id = found.statement_id AND standing.kind = found.kind AND standing.closed_at IS NULL
    ) OR NOT EXISTS (
        SELECT FROM profiling_finding AS decided
        WHERE decided.statement_id = found.statement_id AND decided.kind = found.kind AND decided.closed_at > %(quiet_since)s
          AND (decided.severity = 0 OR found.severity < 2 * decided.severity)
    )
    ORDER BY found.statement_id, found.kind
    ON CONFLICT (statement_id, kind) WHERE closed_at IS NULL DO UPDATE
    SET told = EXCLUDED.told, severity = EXCLUDED.severity,
        seen_at = GREATEST(profiling_finding.seen_at, EXCLUDED.seen_at)
    RETURNING xmax = 0
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Something wrong with a statement: of a `FindingKind`, told in a sentence without any value, under a release.

    `severity` is greater the worse it is, and compared with that of the same kind only; 0: not measured.
    """

    statement_id: int
    kind: str
    told: str
    release: str
    severity: float = 0.0
    due_within: timedelta = DUE_WITHIN


def open_or_refresh(found: Iterable[Found], now: datetime) -> int:
    """Open what is not open yet, due as each says; bring the rest up to date. How many were opened.

    What a person closed less than `QUIET` ago stays closed unless it is twice as bad now. One statement, whatever the number.
    """
    by_key = {(each.statement_id, str(each.kind)): each for each in found}
    if not by_key:
        return 0
    each = list(by_key.values())
    parameters = {
        "statements": array_literal(one.statement_id for one in each),
        "kinds": array_literal(one.kind for one in each),
        "told": array_literal(one.told[:_TOLD_LENGTH] for one in each),
        "severities": array_literal(one.severity for one in each),
        "releases": array_literal(one.release for one in each),
        "now": now,
        "due_on": array_literal((now + one.due_within).date() for one in each),
        "quiet_since": now - QUIET,
    }
    return sum(is_new for (is_new,) in fetch_all(_OPEN, parameters))
