"""The windows that are open, as this process knows them: no request asks the database for them.

Each process learns of them in its rounds, and takes what it may record until the next one from what all may record together.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from time import monotonic

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

LONGEST_MINUTES = 60
"""Nor is a window open longer, whatever its row says: a clock may have been wrong when it was opened."""
MOST_RECORDED = 2_000
"""How many requests or batches a window records at most, over all processes."""
# What a process may record of a window in one round: at first, until it is known that such requests come its way, and then.
_AT_FIRST, _AT_ONCE = 20, 100


@dataclass(slots=True)
class _Open:
    origin: str
    share: float
    ends: float
    """By the monotonic clock: one that is set back must not keep a window open."""
    allowed: int = 0
    unreported: int = 0


class OpenWindows:
    """The open windows and what this process may record for each."""

    def __init__(self) -> None:
        self._known: Mapping[int, _Open] = {}
        self._lock = Lock()

    def are_there(self) -> bool:
        """Whether any is known, be it over or not."""
        return bool(self._known)

    def one_for(self, origin: str) -> int | None:
        """The window for which a request of this origin is to be recorded now. None: not asked for, or enough is recorded."""
        for key, window in self._known.items():
            if window.origin == origin and monotonic() < window.ends and random.random() < window.share:  # noqa: S311 - a sample
                with self._lock:
                    if window.allowed > 0:
                        window.allowed -= 1
                        window.unreported += 1
                        return key
        return None

    def renew(self, cursor: Cursor) -> None:
        """Learn which windows are open, report what was recorded for them, and take what may be recorded next."""
        cursor.execute(
            """
            SELECT id, origin, share, extract(epoch FROM LEAST(ends_at, starts_at + %(longest)s) - clock_timestamp())::float8
            FROM profiling_profilingwindow
            WHERE ends_at > clock_timestamp() AND starts_at > clock_timestamp() - %(longest)s AND starts_at <= clock_timestamp()
                AND stopped_by_id IS NULL
            """,
            {"longest": timedelta(minutes=LONGEST_MINUTES)},
        )
        before, now = self._known, monotonic()
        known: dict[int, _Open] = {}
        for key, origin, share, seconds in cursor.fetchall():
            window = known[key] = before.get(key) or _Open(origin, share, 0.0)
            window.ends = now + seconds
            if key not in before:
                self._take(cursor, key, window, _AT_FIRST)
            elif window.unreported:
                self._take(cursor, key, window, max(_AT_ONCE - window.allowed, 0))
        self._known = known
        for key, window in before.items():
            if key not in known and window.unreported:
                self._take(cursor, key, window, 0)

    def _take(self, cursor: Cursor, key: int, window: _Open, wanted: int) -> None:
        reported = window.unreported
        cursor.execute(
            """
            WITH taken AS (
                SELECT id, least(%(wanted)s, %(most)s - granted) AS number
                FROM profiling_profilingwindow WHERE id = %(id)s FOR UPDATE
            )
            UPDATE profiling_profilingwindow AS w SET granted = granted + number, recorded = recorded + %(reported)s
            FROM taken WHERE w.id = taken.id RETURNING number
            """,
            {"id": key, "wanted": wanted, "most": MOST_RECORDED, "reported": reported},
        )
        [(number,)] = cursor.fetchall() or [(0,)]
        with self._lock:
            window.allowed += number
            window.unreported -= reported


open_windows = OpenWindows()
