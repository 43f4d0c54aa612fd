"""Column types that Django lacks."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class NumericField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL `numeric` without precision: keeps a reading as it was sent, 7.0 as well as 7.00."""

    def db_type(self, connection: "BaseDatabaseWrapper") -> str:  # noqa: ARG002 - Django's signature
        """The column's type."""
        return "numeric"


class ExactDecoder(json.JSONDecoder):
    """JSON whose numbers keep their digits: as floats 7.00 would become 7.0."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the decoder's own
        super().__init__(**{"parse_float": Decimal, "parse_int": Decimal, **options})


class TransactionIdField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL `xid8`: the number of a transaction, in the order in which they began to write. Read as an int."""

    def db_type(self, connection: "BaseDatabaseWrapper") -> str:  # noqa: ARG002 - Django's signature
        """The column's type."""
        return "xid8"

    def from_db_value(self, value: str | None, *_: object) -> int | None:
        """The driver gives its digits."""
        return None if value is None else int(value)

    def get_prep_value(self, value: object) -> str | None:
        """PostgreSQL has no cast from a number."""
        return None if value is None else str(value)


class ThisTransaction(models.Func):
    """The number of the transaction that runs."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionIdField()
