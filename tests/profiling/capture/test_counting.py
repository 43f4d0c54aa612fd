"""How many values a statement was given is counted, however they are written."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extras import execute_values

from clinical_engine.common.database import array_literal, execute
from clinical_engine.profiling.capture.counting import sizes
from tests.profiling.capture.support import capturing

WORDS = st.text(st.characters(exclude_characters='",\\\0', exclude_categories=["Cs"]), max_size=5)
LISTS = (
    st.lists(WORDS | st.none(), min_size=1)
    | st.lists(st.text(st.characters(exclude_characters='"\0', exclude_categories=["Cs"])), min_size=1)
    | st.lists(st.integers() | st.none(), min_size=1)
    | st.lists(st.booleans(), min_size=1)
    | st.lists(st.decimals(allow_nan=False, allow_infinity=False), min_size=1)
)
MANY = 70_000


@given(LISTS)
def test_an_array_literal_has_as_many_values_as_its_list(values: list[Any]) -> None:
    assert sizes([array_literal(values)]) == (1, len(values))


@pytest.mark.parametrize(
    ("literal", "values"),
    [
        ('{"a",NULL,"a",NULL}', 4),
        ('{NULL,"a","b"}', 3),
        ('{NULL,NULL,"a, b"}', 3),
        ('{null,"a",null}', 3),
        ("{null}", 1),
        ("{1,null,3}", 3),
        ("{true,false}", 2),
        ('{"a":null,"b":null,"c":null}', 1),
    ],
)
def test_null_is_a_value_as_well(literal: str, values: int) -> None:
    assert sizes([literal])[1] == values


def test_a_hundred_thousand_of_which_every_second_is_null_are_a_hundred_thousand() -> None:
    assert sizes([array_literal(["a", None] * MANY)])[1] == 2 * MANY


def _listed(cursor: Any) -> None:
    cursor.execute(f"SELECT 1 AS written WHERE 'x' IN ({', '.join(repr(str(n)) for n in range(MANY))})")


def _in_long_texts(cursor: Any) -> None:
    # Twice as long as what is looked at.
    listed = ",".join(f"'{n:030}'" for n in range(MANY))
    cursor.execute(f"SELECT 1 AS written WHERE 'x' IN ({listed})")


def _with_commas(cursor: Any) -> None:
    listed = ",".join(f"'{n},{n:030}'" for n in range(MANY))
    cursor.execute(f"SELECT 1 AS written WHERE 'x' IN ({listed})")


def _array(cursor: Any) -> None:
    cursor.execute(f"SELECT 1 AS written WHERE 1 = ANY(ARRAY[{','.join(map(str, range(MANY)))}])")


def _rows(cursor: Any) -> None:
    rows = ",".join(f"({n}, 'x')" for n in range(MANY // 2))
    cursor.execute(f"SELECT count(*) AS written FROM (VALUES {rows}) AS v (a, b)")


def _bytes(cursor: Any) -> None:
    listed = ",".join(map(str, range(MANY)))
    cursor.execute(f"SELECT 1 AS written WHERE 1 IN ({listed})".encode())


@pytest.mark.django_db
@pytest.mark.parametrize("send", [_listed, _in_long_texts, _with_commas, _array, _rows, _bytes])
def test_values_that_are_written_into_a_long_text_count_as_a_list(send: Any) -> None:
    with connection.cursor() as cursor, capturing() as noted:
        send(cursor)
    found = noted.of("written")
    assert found.parameters_most == 0
    assert found.values_most == pytest.approx(MANY, abs=2)


@pytest.mark.django_db
def test_a_chain_that_is_written_into_a_text_counts_as_a_list() -> None:
    chain = " OR ".join(f"1 = {n}" for n in range(2, 8_002))
    with capturing() as noted:
        execute(f"SELECT 1 AS written WHERE {chain}")
    assert noted.of("written").values_most == pytest.approx(8_000, abs=1)


@pytest.mark.django_db
def test_what_is_bound_is_not_counted_as_written() -> None:
    with connection.cursor() as cursor, capturing() as noted:
        cursor.execute(f"SELECT 1 AS bound WHERE 1 IN ({', '.join(['%s'] * 5_000)})", [*range(5_000)])
        rows = [(n, "x, y") for n in range(3_000)]
        execute_values(cursor.cursor, "SELECT 1 AS rows FROM (VALUES %s) AS v", rows, page_size=3_000)
    assert (noted.of("bound").parameters_most, noted.of("bound").values_most) == (5_000, 0)
    assert (noted.of("rows").parameters_most, noted.of("rows").values_most) == (6_000, 6_000)
