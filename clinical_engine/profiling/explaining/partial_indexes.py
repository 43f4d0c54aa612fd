"""Values that indexes are for, partial ones and those of expressions: a plan for any values cannot use such an index.

The statement itself may well do.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

from clinical_engine.profiling.fingerprints.lexing import REST_OF_PLAIN, VALUE

_INDEXES = """
    SELECT index.relname, COALESCE(pg_get_expr(pg_index.indpred, pg_index.indrelid), ''),
        COALESCE(pg_get_expr(pg_index.indexprs, pg_index.indrelid), '')
    FROM pg_index JOIN pg_class AS index ON index.oid = pg_index.indexrelid
        JOIN pg_class AS of_table ON of_table.oid = pg_index.indrelid
    WHERE (pg_index.indpred IS NOT NULL OR pg_index.indexprs IS NOT NULL)
        AND of_table.relname = ANY (%s) AND pg_table_is_visible(of_table.oid)
    ORDER BY index.relname
"""
_LITERAL = rf"'{REST_OF_PLAIN}"
# As PostgreSQL writes `state = 'running'` and `state IN ('dead', 'cancelled')`.
_EQUAL = re.compile(rf"\(?\b(\w+)\)?(?:::[\w ]+)? = ({_LITERAL})")
_AMONG = re.compile(r"\(?\b(\w+)\)?(?:::[\w ]+)? = ANY \(\(?ARRAY\[(.*?)\]")
# In an index that takes NULL for a value.
_INSTEAD_OF_NULL = re.compile(rf"COALESCE\((\w+), ({_LITERAL})")


class Condition(NamedTuple):
    """That a column has one of these values, written as literals, or is taken for the value where it has none."""

    column: str
    literals: tuple[str, ...]
    instead_of_null: bool = False


def conditions(cursor: Cursor, names: Sequence[str]) -> dict[str, list[Condition]]:
    """By index of tables with these names, partial or of expressions, what it asks of columns."""
    cursor.execute(_INDEXES, [list(names)])
    return {
        index: [*_conditions_in(predicate), *_defaults_in(expressions)]
        for index, predicate, expressions in cursor.fetchall()
    }


def _conditions_in(predicate: str) -> Iterator[Condition]:
    for column, literal in _EQUAL.findall(predicate):
        yield Condition(column, (literal,))
    for column, literals in _AMONG.findall(predicate):
        yield Condition(column, tuple(re.findall(_LITERAL, literals)))


def _defaults_in(expressions: str) -> Iterator[Condition]:
    for column, literal in _INSTEAD_OF_NULL.findall(expressions):
        yield Condition(column, (literal,), instead_of_null=True)


def with_values(words: Sequence[str], condition: Condition) -> list[str]:
    """The statement with the condition's values where it has any beside the column."""
    written = list(words)
    for position in range(len(words) - 1, -1, -1):
        if words[position].strip('"') != condition.column:
            continue
        if condition.instead_of_null:
            if words[position - 2 : position] == ["coalesce", "("] and words[position + 1 : position + 3] == [
                ",",
                VALUE,
            ]:
                written[position + 2] = condition.literals[0]
        elif words[position + 1 : position + 3] == ["=", VALUE]:
            written[position + 2 : position + 3] = [condition.literals[0]]
        elif words[position + 1 : position + 5] == ["IN", "(", VALUE, ")"]:
            written[position + 3 : position + 4] = [", ".join(condition.literals)]
    return written
