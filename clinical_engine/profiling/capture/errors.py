"""Which statement a database error came from, for whoever tells of it."""

import psycopg2
from django.conf import settings

from clinical_engine.common.guards import LOCK_TIMEOUT, STATEMENT_TIMEOUT, guard_of, is_given_up_copy
from clinical_engine.profiling.fingerprints import NOT_SQL, shape_of

_NAME = "captured_statement"
_SYNTAX_ERROR = "42601"
# Of the driver, before it sends anything: no statement, or parameters that do not fit it.
_NOT_SENT = (psycopg2.ProgrammingError, TypeError, ValueError, LookupError)


def mark(error: BaseException, text: str) -> None:
    """Note on an error which statement it came from, when it was over its limit."""
    if guard_of(error) is not None:
        # Not the text: whoever looks into an error must find no values.
        setattr(error, _NAME, shape_of(text).fingerprint)


def sqlstate_of(error: BaseException) -> str | None:
    """Of the driver's error; '' for any other, and where somebody cancelled the statement, which was over no limit then.

    None where the statement did not fail: our own code refused what a COPY was to be given.
    """
    if is_given_up_copy(error):
        return None
    state = error.pgcode if isinstance(error, psycopg2.Error) else None
    return "" if state == STATEMENT_TIMEOUT and guard_of(error) is None else state or ""


def readable(text: str, sqlstate: str | None) -> str:
    """A statement's text, or what stands for it where PostgreSQL could not read it.

    A name put into the text with its quotation mark (`= 'O'Brien'`) ends the literal early: its rest would be taken for words.
    """
    return NOT_SQL if sqlstate == _SYNTAX_ERROR else text


def was_sent(error: BaseException | None) -> bool:
    """Whether the server was sent anything; the driver remembers what it sent last, whatever came of the next."""
    return not isinstance(error, _NOT_SENT) or getattr(error, "pgcode", None) is not None


def ran_out_of_time(sqlstate: str, seconds: float) -> bool:
    """Whether a statement was over a limit that all statements of this process have.

    Who wants a lock soon or not at all waits for less, and tries again later: nothing is wrong with that statement.
    """
    if sqlstate == LOCK_TIMEOUT:
        return bool(seconds * 1000 >= settings.LOCK_TIMEOUT_MS)
    return sqlstate == STATEMENT_TIMEOUT


def fingerprint_of(error: BaseException) -> str:
    """The fingerprint of the statement that was over its limit, of the driver's error or one that Django made of it; '' if none."""
    for each in (error, error.__cause__):
        fingerprint = getattr(each, _NAME, None)
        if fingerprint is not None:
            return str(fingerprint)
    return ""
