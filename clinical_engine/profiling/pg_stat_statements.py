"""What the server itself has counted of a captured statement, where it has pg_stat_statements: a source beside the capture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import DatabaseError, transaction

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.fingerprints import names_in, shape_of

# A server that has no such view, or does not let us read it, is asked again after so many seconds.
_ASKED_AGAIN = 600.0
# The server holds 5,000 texts unless told otherwise; these many have the same names in them at most.
_MOST_TEXTS = 1_000
_LONGEST_TEXT = 100_000

_VIEWS = """
    SELECT counted.oid::regclass::text, info.oid::regclass::text
    FROM pg_class AS counted LEFT JOIN pg_class AS info
        ON info.relnamespace = counted.relnamespace AND info.relname = 'pg_stat_statements_info'
    WHERE counted.relname = 'pg_stat_statements'
    LIMIT 1
"""
# From PostgreSQL 17 on each text has a time of its own.
_COUNTED = """
    SELECT left(query, %(longest)s), calls, total_exec_time, rows, shared_blks_hit, shared_blks_read,
        (to_jsonb(counted) ->> 'stats_since')::timestamptz
    FROM {view} AS counted
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND NOT EXISTS (SELECT FROM unnest(%(names)s::text[]) AS name WHERE strpos(lower(query), name) = 0)
    LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """What the server counted of a statement since a time, for our role and this database. A block is mostly 8 kB."""

    since: datetime | None
    calls: int
    total: timedelta
    rows: int
    blocks_from_cache: int
    blocks_read: int

    @property
    def mean(self) -> timedelta | None:
        """The time of one execution; None without any."""
        return self.total / self.calls if self.calls else None


_absent_until = 0.0


def figures_of(fingerprint: str, shape: str) -> ServerFigures | None:
    """All that the server counted of the statements with this fingerprint; None where it does not count, or not for us.

    `calls` is 0 for a statement that it has not seen. That it does not count is remembered for ten minutes.
    """
    global _absent_until  # noqa: PLW0603 - one server for the whole process
    if monotonic() < _absent_until:
        return None
    try:
        with transaction.atomic():
            found = _figures(fingerprint, shape)
    except DatabaseError:
        # Installed but not loaded, or not ours to read.
        found = None
    if found is None:
        _absent_until = monotonic() + _ASKED_AGAIN
    return found


def forget() -> None:
    """Ask the server anew whether it counts."""
    global _absent_until  # noqa: PLW0603 - as above
    _absent_until = 0.0


def _figures(fingerprint: str, shape: str) -> ServerFigures | None:
    for view, info in fetch_all(_VIEWS):
        given = {"names": names_in(shape), "longest": _LONGEST_TEXT, "most": _MOST_TEXTS}
        counted = fetch_all(_COUNTED.format(view=view), given)
        ours = [row[1:] for row in counted if shape_of(row[0]).fingerprint == fingerprint]
        [(since,)] = fetch_all(f"SELECT stats_reset FROM {info}") if info else [(None,)]  # noqa: S608 - quoted by the server
        return _added(ours, since)
    return None


def _added(counted: Sequence[tuple[Any, ...]], since_reset: datetime | None) -> ServerFigures:
    calls, milliseconds, rows, cached, read, since = zip(*counted, strict=True) if counted else [()] * 6
    return ServerFigures(
        since=min(filter(None, since), default=since_reset),
        calls=sum(calls),
        total=timedelta(milliseconds=sum(milliseconds)),
        rows=sum(rows),
        blocks_from_cache=sum(cached),
        blocks_read=sum(read),
    )
