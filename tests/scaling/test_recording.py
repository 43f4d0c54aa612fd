"""Nothing that reaches the database escapes the recording."""

from contextlib import closing
from io import StringIO
from typing import Any

import psycopg2
import pytest
from django.db import connection
from psycopg2.extras import execute_batch, execute_values

from clinical_engine.common.database import array_literal
from submitters.models import Organisation
from tests.scaling.recording import Sent, recorded
from tests.scaling.statements import elements_of, read

pytestmark = pytest.mark.django_db
THREE = ["a", "b", "c"]


def sent(sql: str, parameters: Any = None) -> Sent:
    """The one statement."""
    with recorded() as recording, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    [statement] = recording.statements
    return statement


@pytest.mark.parametrize(
    ("sql", "parameters", "values"),
    [
        ("SELECT 1", None, 1),
        ("SELECT %s", ["it's {a, b}"], 1),
        ("SELECT 'x' = ANY(%s)", [THREE], 4),
        ("SELECT 'x' = ANY(%s::text[])", [array_literal(THREE)], 4),
        ("SELECT %s::text[]", [array_literal(['a,"b"', "back\\slash", None, "{c,d}"])], 4),
        ("SELECT 'x' IN %s", [tuple(THREE)], 4),
        ("SELECT * FROM (VALUES (%s), (%s), (%s)) AS v", THREE, 3),
        ("SELECT %s = 'x' OR %s = 'x' OR %s = 'x'", THREE, 6),
        ("SELECT * FROM jsonb_array_elements(%s::jsonb)", ['[{"a": 1}, {"a": 2}, {"b": [3, 4]}]'], 4),
        ("SELECT ARRAY[1.5, -2, 3e2], $$a$$, true /* 7, 8 */ -- 9", None, 5),
    ],
)
def test_every_value_is_counted_however_it_is_written(sql: str, parameters: Any, values: int) -> None:
    seen = sent(sql, parameters)
    assert (seen.values, seen.parameters) == (values, len(parameters or ()))


def test_the_elements_of_a_text_are_those_of_an_array_or_of_json() -> None:
    texts = ["", "{}", "[]", "{{1,2},{3,4}}", '{"a,b"}', "not, a, list", '{"key": [1, 2]}']
    assert [elements_of(text) for text in texts] == [1, 0, 0, 4, 1, 1, 2]


def test_a_statements_size_is_that_of_what_was_sent() -> None:
    assert sent("SELECT %s", ["é"]).size == len("SELECT 'é'".encode())


def test_the_shape_of_a_statement_holds_no_value() -> None:
    shape = sent("SELECT 'a' AS \"col1\", 5 AS t2 WHERE %s IN ('x', 'y')", ["secret"]).read.shape
    assert shape == 'SELECT ? AS "col1", ? AS t2 WHERE ? IN (?, ?)'


def test_statements_that_only_repeat_more_are_of_one_kind() -> None:
    two, three = read("SELECT a WHERE x = 1 OR x = 2"), read("SELECT a WHERE x = 1 OR x = 2 OR x = 3")
    assert two.key == three.key != read("SELECT a WHERE y = 1 OR y = 2").key


def test_a_failing_statement_is_recorded_too() -> None:
    with recorded() as recording, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error):
            cursor.cursor.execute("SELECT 1 / 0")
        connection.connection.rollback()
    assert [statement.read.shape for statement in recording.statements] == ["SELECT ? / ?"]


def test_each_row_of_executemany_is_a_query() -> None:
    with recorded() as recording, connection.cursor() as cursor:
        cursor.executemany("SELECT %s", [[one] for one in THREE])
    assert len(recording.statements) == 3


def test_pages_of_execute_values_and_execute_batch_are_seen_with_what_they_bind() -> None:
    with recorded() as recording, connection.cursor() as cursor:
        execute_values(
            cursor.cursor, "SELECT * FROM (VALUES %s) AS v", [(one, 1) for one in THREE], page_size=2
        )
        execute_batch(cursor.cursor, "SELECT %s", [(one,) for one in THREE])
    assert [(one.parameters, one.values) for one in recording.statements] == [(4, 4), (2, 2), (3, 3)]


def test_a_procedure_is_seen() -> None:
    with recorded() as recording, connection.cursor() as cursor:
        cursor.callproc("abs", [-3])
    [statement] = recording.statements
    assert statement.parameters == 1


def test_copies_are_seen_with_their_bytes_in_both_directions() -> None:
    with recorded() as recording, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (a text, b text) ON COMMIT DROP")
        cursor.copy_expert("COPY copied FROM STDIN", StringIO("a\tb\nc\td\n"))
        cursor.copy_from(StringIO("e\tf\n"), "copied")
        cursor.copy_to(StringIO(), "copied")
        cursor.copy_expert("COPY copied TO STDOUT (FORMAT csv)", StringIO())
    assert [one.copied for one in recording.statements] == [0, 8, 4, 12, 12]
    assert [one.values for one in recording.statements[1:]] == [4, 2 + 3, 6 + 3, 6]


def test_the_parts_of_a_server_side_cursor_are_queries() -> None:
    Organisation.objects.bulk_create(Organisation(name=f"Clinic {number}") for number in range(5))
    with recorded() as recording:
        assert len(list(Organisation.objects.iterator(chunk_size=2))) == 5
    assert [one.read.shape for one in recording.statements].count("FETCH FORWARD") == 4


def test_a_connection_that_is_opened_meanwhile_is_seen() -> None:
    with recorded() as recording:
        parameters = connection.get_connection_params()
        with closing(psycopg2.connect(**parameters)) as other, other.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert [statement.read.shape for statement in recording.statements] == ["SELECT ?"]


def test_nothing_is_recorded_afterwards() -> None:
    with recorded() as recording:
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert not recording.statements
