"""A statement has one fingerprint before its values are bound and after, whatever they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import pytest
from django.db import connection, transaction
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says
from psycopg2.extras import Json, NumericRange

from clinical_engine.profiling.fingerprints import shape_of
from tests.scaling.endpoints import ENDPOINTS, FHIR
from tests.scaling.pages import pages
from tests.scaling.sizes import REQUEST, SIZES
from tests.scaling.work import KINDS, periodic
from tests.scaling.world import undone

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.decimals(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    st.binary(max_size=5),
    st.uuids(),
    st.dates(date(1, 1, 1)),
    st.times(timezones=st.sampled_from([UTC, None])),
    # Not so early that another zone has no such time.
    st.datetimes(NOON.replace(year=1, tzinfo=None), timezones=st.sampled_from([UTC, None])),
    st.timedeltas(timedelta(days=-4000), timedelta(days=4000)),
    st.dictionaries(st.text("a'?:", max_size=3), st.integers()).map(Json),
    # Of times the driver makes a call of a function.
    st.just(NumericRange(1, 2)),
)
VALUES = st.one_of(SCALARS, SCALARS, st.lists(SCALARS, max_size=4), st.lists(st.just([1, None]), max_size=3))
STATEMENTS = [
    "UPDATE t SET a = %s, b = now() - %s WHERE c = %s OR c = %s OR c = %s",
    "INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s), (%s, %s) ON CONFLICT DO NOTHING",
    "SELECT a FROM t WHERE b = ANY(%s) AND c IN (%s, %s, %s) AND d BETWEEN %s AND %s",
    "UPDATE t SET a = CASE WHEN (id = %s) THEN %s WHEN (id = %s) THEN %s ELSE NULL END::interval WHERE id = %s",
    "SELECT f(%s, %s::interval), %s::timestamp with time zone, INTERVAL %s, (%s)::text, ARRAY[%s, %s]",
    "SELECT a FROM t WHERE b IS DISTINCT FROM %s AND (c, d) > (%s, %s) AND e - %s < %s LIMIT %s",
    "SELECT %s UNION ALL SELECT %s UNION ALL SELECT %s",
]


def bound(statement: str, values: list[Any]) -> str:
    with connection.cursor() as cursor:
        sent: bytes = cursor.mogrify(statement, values)
    return sent.decode()


@pytest.mark.django_db
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_statement_is_the_same_whatever_is_bound_to_it(statement: str, data: st.DataObject) -> None:
    wanted = statement.count("%s")
    values = data.draw(st.lists(VALUES, min_size=wanted, max_size=wanted))
    sent = shape_of(bound(statement, values))
    assert sent.fingerprint == shape_of(statement).fingerprint
    assert sent.fingerprint == shape_of(sent.text).fingerprint


@pytest.mark.django_db
@given(st.lists(SCALARS, min_size=1, max_size=3), st.sampled_from([1, 1, 2, 30]))
@example([DAY, None], 400)
@example([None, NOON, time(12)], 1)
def test_a_list_is_the_same_whatever_its_values_are(values: list[Any], times: int) -> None:
    listed = tuple(values * times)
    assert of_list(listed) == of_list((1,))


def of_list(values: tuple[Any, ...]) -> list[str]:
    rows = ", ".join(["(%s, %s)"] * len(values))
    doubled = [each for value in values for each in (value, values[0])]
    return [
        shape_of(bound("SELECT a FROM t WHERE b IN %s", [values])).fingerprint,
        shape_of(bound("SELECT a FROM t WHERE b = ANY(%s)", [list(values)])).fingerprint,
        shape_of(bound(f"INSERT INTO t VALUES {rows} RETURNING id", doubled)).fingerprint,
    ]


@pytest.mark.parametrize(
    "value",
    [
        "NULL",
        "'1 day'::interval",
        "'1 day'::INTERVAL",
        "'1 day'::interval(3)",
        "'5'::double precision",
        "'x'::character varying(20)",
        "'x'::character(20)",
        "5::numeric(10, 2)",
        "'noon'::timestamp with time zone",
        "'noon'::timestamp(3) without time zone::text",
        'ARRAY[\'x\'::"My Type", NULL]::public."My Type"[3][]',
        "ARRAY[ARRAY[1, 2], ARRAY[NULL, '3'::int]]",
        "'{}'::pg_catalog.int4[]",
    ],
)
def test_no_cast_of_a_value_counts_wherever_a_null_is(value: str) -> None:
    texts = [f"VALUES ({value})", f"VALUES ({value}), (NULL)", f"VALUES (NULL), ({value})"]
    assert {shape_of(text).fingerprint for text in texts} == {shape_of("VALUES (%s)").fingerprint}
    assert shape_of(f"SELECT a = {value} AND b").fingerprint == shape_of("SELECT a = %s AND b").fingerprint


@pytest.mark.parametrize(
    "texts",
    [
        ("SELECT a::interval FROM t", "SELECT a FROM t", "SELECT a::text FROM t"),
        ("SELECT ARRAY[a, 1]", "SELECT ARRAY[1, a]", "SELECT ARRAY[1]", "SELECT ARRAY[]::int[]"),
        ("SELECT a[1]", "SELECT a", "SELECT 1"),
        ("SELECT 1::time", "SELECT 1::time AS zone"),
        ("SELECT a = 1 AND a IS NULL", "SELECT a = NULL AND a IS NOT NULL"),
        ("SELECT f(1::int)", "SELECT f(1, 1::int)"),
    ],
)
def test_what_is_no_cast_of_a_value_counts(texts: tuple[str, ...]) -> None:
    found = {shape_of(text).fingerprint for text in texts}
    assert len(found) == len(texts)


@contextmanager
def sent_in_here() -> Iterator[set[tuple[str, str]]]:
    """Statements as they are written, and as they are with their values."""
    found: set[tuple[str, str]] = set()
    driver = cast(Any, connection.connection)
    before: Any = driver.cursor_factory

    class Noting(before):  # type: ignore[misc]
        def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the driver's name for it
            if vars:
                # Not as a subclass binds it, which may count.
                found.add((str(query), Cursor.mogrify(self, query, vars).decode()))
            super().execute(query, vars)

    driver.cursor_factory = Noting
    try:
        yield found
    finally:
        driver.cursor_factory = before


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("committed_db")
def test_whatever_the_engine_sends_is_the_same_with_its_values() -> None:
    sent: set[tuple[str, str]] = set()
    with undone() as world:
        world.grow(SIZES[0])
        for action in {**ENDPOINTS, **FHIR, **KINDS, **periodic(), **pages(world)}.values():
            with transaction.atomic(), sent_in_here() as found:
                action.prepare(world, REQUEST)()
                transaction.set_rollback(True)
            sent |= found
    written = {query: shape_of(query) for query, _ in sent}
    assert len({shape.fingerprint for shape in written.values()}) > 250
    assert any("::interval" in bound_text for _, bound_text in sent)
    different = {
        query for query, bound_text in sent if shape_of(bound_text).fingerprint != written[query].fingerprint
    }
    assert different == set()
