"""What went wrong, as the ledger keeps it: class, SQLSTATE, constraint and our frames; never a text that holds values."""

import hashlib
import random
import re
import traceback
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from clinical_engine.common import prepared
from clinical_engine.common.database import may_be_away
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.common.guards import LOCK_TIMEOUT, Guard, guard_of, sentence_of
from clinical_engine.jobs.registry import InvalidPayloadError
from clinical_engine.profiling.capture import cursor
from clinical_engine.profiling.n_plus_one import QueryPerRowError

# SQLSTATE classes whose cause passes: connection, rollback (deadlock, serialisation), resources, operator, system.
_TRANSIENT_CLASSES = {"08", "40", "53", "57", "58"}


class ErrorKind(StrEnum):
    """What a failure calls for."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    INVALID_PAYLOAD = "invalid_payload"
    OVER_LIMIT = "over_limit"
    LOST = "lost"
    UNKNOWN = "unknown"


class PermanentError(Exception):
    """Raised by a handler whose job can never succeed as it is. Its text must not hold values."""


class UnavailableError(Exception):
    """Raised by a handler when something it needs does not answer. Its text names that, and must not hold values."""


_OUR_TEXTS = (
    InvalidPayloadError,
    RefusedError,
    NotAllowedNowError,
    PermanentError,
    QueryPerRowError,
    UnavailableError,
)
_NO_ANSWER = (InterfaceError, ConnectionError, TimeoutError, UnavailableError)

# Failed tries of one kind of error before the job is dead; those that a person set going do not count. A transient cause may
# last an hour, a bug fails the same way every time.
TRIES = {
    ErrorKind.TRANSIENT: 20,
    # A crowded database comes to itself; a statement that has grown too slow does so no more, and each try costs its whole limit.
    ErrorKind.OVER_LIMIT: 10,
    ErrorKind.UNKNOWN: 4,
    # A job is lost with its worker, mostly through no fault of its own; one that kills ten workers is to blame.
    ErrorKind.LOST: 10,
    ErrorKind.PERMANENT: 1,
    ErrorKind.INVALID_PAYLOAD: 1,
}
_FIRST_WAIT = timedelta(seconds=1)
_FIRST_WAIT_OVER_LIMIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure, free of values."""

    kind: ErrorKind
    error_class: str
    sqlstate: str
    constraint_name: str
    message: str
    frames: list[str]

    @property
    def summary(self) -> str:
        """One line for lists."""
        return " ".join(filter(None, [self.error_class, self.sqlstate, self.constraint_name, self.message]))[
            :512
        ]

    @property
    def fingerprint(self) -> str:
        """Groups failures of one cause: class, innermost frame of ours, and what is known without values."""
        # Without the line number: an unrelated edit above the frame must not make a new group.
        place = [re.sub(r":\d+ ", " ", frame) for frame in self.frames[-1:]]
        parts = (self.error_class, self.sqlstate, self.constraint_name, self.message, *place)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Describe an error."""
        diagnosis = getattr(error.__cause__, "diag", None)
        return cls(
            kind=_kind_of(error),
            error_class=type(error).__qualname__[:128],
            sqlstate=sqlstate_of(error),
            constraint_name=getattr(diagnosis, "constraint_name", None) or "",
            message=str(error)[:512] if isinstance(error, _OUR_TEXTS) else sentence_of(error),
            frames=_our_frames(error),
        )


def sqlstate_of(error: BaseException) -> str:
    """The SQLSTATE of a database error, or ''."""
    return getattr(error.__cause__, "pgcode", None) or ""


def takes_too_long(error: BaseException) -> bool:
    """Whether time ran out, of the work or of one statement: nobody knows which job of the batch is to blame."""
    return isinstance(error, SoftTimeLimitExceeded) or is_over_limit(error)


def is_over_limit(error: BaseException) -> bool:
    """Whether PostgreSQL ended a statement because it took longer than it may."""
    return guard_of(error) is Guard.STATEMENT


def is_nobodys_fault(error: BaseException) -> bool:
    """Whether a dependency is broken, time ran out, or the handler asks for one row after another: no job of the batch is to blame.

    Splitting it would repeat that, or in the last case hide it: of one job alone there is one row.
    """
    return isinstance(error, (SoftTimeLimitExceeded, QueryPerRowError)) or is_broken_dependency(error)


def is_broken_dependency(error: BaseException) -> bool:
    """Whether something that every job of the kind needs does not answer, the database among them."""
    if isinstance(error, _NO_ANSWER):
        return True
    # 57P0x is a server going down or coming up; 57014, a statement's timeout, is the statement's own affair.
    state = sqlstate_of(error)
    return may_be_away(error) and (not state or state.startswith(("08", "57P")))


def wait_before_try(number: int, kind: ErrorKind = ErrorKind.TRANSIENT) -> timedelta:
    """How long to wait before failed try `number` + 1: doubling, with jitter so that a crowd does not return at once."""
    first = _FIRST_WAIT_OVER_LIMIT if kind is ErrorKind.OVER_LIMIT else _FIRST_WAIT
    longest: timedelta = min(_LONGEST_WAIT, first * 2 ** min(number, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


def _kind_of(error: BaseException) -> ErrorKind:
    if isinstance(error, InvalidPayloadError):
        return ErrorKind.INVALID_PAYLOAD
    if isinstance(error, (PermanentError, QueryPerRowError, RefusedError)):
        return ErrorKind.PERMANENT
    if isinstance(error, (SoftTimeLimitExceeded, *_NO_ANSWER)):
        return ErrorKind.TRANSIENT
    if is_over_limit(error):
        return ErrorKind.OVER_LIMIT
    if isinstance(error, DatabaseError):
        state = sqlstate_of(error)
        lost = may_be_away(error) and not state
        if lost or state[:2] in _TRANSIENT_CLASSES or state == LOCK_TIMEOUT:
            return ErrorKind.TRANSIENT
    return ErrorKind.UNKNOWN


# They stand between the driver and whoever sent a statement, whatever failed.
_CURSORS = {Path(prepared.__file__), Path(cursor.__file__)}


def _our_frames(error: BaseException) -> list[str]:
    root = Path(settings.BASE_DIR)
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(root) and ".venv" not in path.parts and path not in _CURSORS:
            frames.append(f"{path.relative_to(root)}:{frame.lineno} {frame.name}")
    return frames
