"""The limits that PostgreSQL holds statements to: which one ended a statement, and what is said of it."""

from collections.abc import Callable
from enum import StrEnum

STATEMENT_TIMEOUT, LOCK_TIMEOUT = "57014", "55P03"
# Where the server ends a statement over time, whatever language it speaks. A COPY that the client gave up has the same SQLSTATE,
# from elsewhere.
_ENDED_BY_SERVER = "ProcessInterrupts"
# Comes from there as well. Of a server that speaks another language it counts as a time-out.
_CANCELLED = "canceling statement due to user request"


class Guard(StrEnum):
    """A limit that a statement was over."""

    STATEMENT = "statement-timeout"
    LOCK = "lock-timeout"


_SENTENCES = {
    Guard.STATEMENT: "was over its time limit",
    Guard.LOCK: "waited too long for a lock that something else holds",
}
Namer = Callable[[BaseException], str]


def _nameless(_: BaseException) -> str:
    return ""


_namer: Namer = _nameless


def name_statements_by(namer: Namer) -> None:
    """Have statements named in sentences by what the function gives for their error: a fingerprint, or ''."""
    global _namer  # noqa: PLW0603 - one for the whole process is the purpose
    _namer = namer


def guard_of(error: BaseException | None) -> Guard | None:
    """The limit that a statement was over, of the driver's error or the one that Django made of it; None for any other error.

    A statement that somebody cancelled was over none, nor was a COPY whose rows our own code could not go on giving.
    """
    for each in (error, getattr(error, "__cause__", None)):
        state = getattr(each, "pgcode", None)
        if state == LOCK_TIMEOUT:
            return Guard.LOCK
        if state == STATEMENT_TIMEOUT and _ended_by_server(each) and each.diag.message_primary != _CANCELLED:  # type: ignore[union-attr]
            return Guard.STATEMENT
    return None


def is_given_up_copy(error: BaseException) -> bool:
    """Whether the driver's error only says that its COPY was given up, because whatever gave the rows raised."""
    return getattr(error, "pgcode", None) == STATEMENT_TIMEOUT and not _ended_by_server(error)


def _ended_by_server(error: BaseException | None) -> bool:
    return bool(error.diag.source_function == _ENDED_BY_SERVER)  # type: ignore[union-attr]


def statement_of(error: BaseException) -> str:
    """The fingerprint of the captured statement that was over its limit; '' when it was not captured."""
    return _namer(error)


def sentence_of(error: BaseException) -> str:
    """'Statement 3f2a9c0d11aa22bb was over its time limit.' Without values; '' for an error of another kind."""
    guard = guard_of(error)
    if guard is None:
        return ""
    name = statement_of(error)
    return f"{f'Statement {name}' if name else 'A statement'} {_SENTENCES[guard]}."


def why_no_answer(error: BaseException) -> str:
    """A sentence for a person whom an error of the connection or of a limit has kept from an answer."""
    return sentence_of(error) or "The database does not answer."
