"""Why a statement has no plan to show."""

import psycopg2
from psycopg2 import errors

from clinical_engine.common.errors import NotAllowedNowError


class CannotExplainError(NotAllowedNowError):
    """There is no plan; the text says why, in sentences for people."""


_SENTENCES: dict[type[psycopg2.Error], str] = {
    errors.QueryCanceled: "The database did not find a plan in time.",
    errors.LockNotAvailable: "Something else holds a lock on one of its tables. Try again later.",
    errors.UndefinedTable: "A table of it is not there: a temporary one, or one that a release has taken away.",
    errors.UndefinedColumn: "A column of it is not there any more.",
    errors.InvalidColumnReference: (
        "Its ON CONFLICT wants a unique index that is not there, or one whose condition or columns hang on the values."
    ),
    errors.InsufficientPrivilege: "The engine's role may not read one of its tables.",
    psycopg2.OperationalError: "The database cannot be asked now.",
    psycopg2.Error: "PostgreSQL cannot plan it without its values.",
}


def refused_by(error: psycopg2.Error) -> CannotExplainError:
    """What to say of the database's refusal. Its own words are left out: they repeat the statement."""
    sentence = next(sentence for kind, sentence in _SENTENCES.items() if isinstance(error, kind))
    state = f" ({error.pgcode})" if error.pgcode else ""
    return CannotExplainError(f"{sentence.removesuffix('.')}{state}.")
