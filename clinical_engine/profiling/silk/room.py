"""How much silk may still take. The scheduled job deletes the oldest; until then a flood must not fill the disk."""

from threading import Lock
from time import monotonic

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

MOST_BYTES = 400_000_000
"""What the scheduled job keeps."""
FULL = 500_000_000
"""Where nothing more is recorded, bytes over all processes. Each may exceed it by what it records in one stretch."""
_STRETCH_SECONDS, _STRETCH_BYTES = 15.0, 20_000_000


class Room:
    """What this process may record: so many bytes in a stretch of time, and nothing while silk is full."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._since = self._taken = 0.0
        self._is_full = False

    def is_left(self) -> bool:
        """Whether something may be recorded now."""
        if self._is_full:
            return False
        with self._lock:
            now = monotonic()
            if now - self._since > _STRETCH_SECONDS:
                self._since, self._taken = now, 0.0
            return self._taken < _STRETCH_BYTES

    def take(self, size: int) -> None:
        """Note that so many bytes are recorded."""
        with self._lock:
            self._taken += size

    def renew(self, cursor: Cursor) -> None:
        """Learn whether silk is full."""
        if self._taken or self._is_full:
            cursor.execute("SELECT coalesce(sum(bytes), 0) > %s FROM profiling_recording", [FULL])
            [(self._is_full,)] = cursor.fetchall()


room = Room()
