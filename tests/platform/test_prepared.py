"""Prepared statements: planned once by each connection, and otherwise like every other."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import fetch_all
from clinical_engine.common.prepared import Prepared

DOUBLED = Prepared("SELECT given.value, %s::int * 2 FROM unnest(%s::text[]) AS given (value)")


def prepared_here() -> int:
    """How many statements this connection has the database keep that are the doubling one."""
    [(number,)] = fetch_all(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%$1::int * 2%"]
    )
    return int(number)


@pytest.fixture
def fresh_connection(committed_db: None) -> None:
    del committed_db
    connection.close()


@pytest.mark.usefixtures("fresh_connection")
def test_a_statement_is_prepared_once_and_gives_each_time_what_its_values_ask_for() -> None:
    assert fetch_all(DOUBLED, [21, '{"it\'s %s"}']) == [("it's %s", 42)]
    for number in range(10):
        assert fetch_all(DOUBLED, [number, "{a}"]) == [("a", 2 * number)]
    assert prepared_here() == 1


@pytest.mark.usefixtures("fresh_connection")
def test_a_new_connection_prepares_anew() -> None:
    fetch_all(DOUBLED, [1, "{a}"])
    connection.close()
    assert prepared_here() == 0
    assert fetch_all(DOUBLED, [1, "{a}"]) == [("a", 2)]
    assert prepared_here() == 1


@pytest.mark.usefixtures("fresh_connection")
def test_a_statement_outlives_the_transaction_that_prepared_it_and_was_rolled_back() -> None:
    with transaction.atomic():
        fetch_all(DOUBLED, [1, "{a}"])
        transaction.set_rollback(True)
    assert fetch_all(DOUBLED, [2, "{b}"]) == [("b", 4)]
    assert prepared_here() == 1


@pytest.mark.usefixtures("fresh_connection")
def test_whoever_counts_queries_sees_the_statement_as_it_was_written_and_nothing_else() -> None:
    with CaptureQueriesContext(connection) as captured:
        fetch_all(DOUBLED, [1, "{a}"])
    assert len(captured) == 1


@pytest.mark.usefixtures("fresh_connection")
def test_a_table_may_change_between_two_runs() -> None:
    counted = Prepared("SELECT count(*) FROM changing WHERE number >= %s::int")
    fetch_all("CREATE TEMPORARY TABLE changing (number int); SELECT 1")
    try:
        assert fetch_all(counted, [1]) == [(0,)]
        fetch_all("ALTER TABLE changing ADD COLUMN word text; INSERT INTO changing VALUES (1, 'a'); SELECT 1")
        assert fetch_all(counted, [1]) == [(1,)]
    finally:
        fetch_all("DROP TABLE changing; SELECT 1")
