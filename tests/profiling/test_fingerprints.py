"""Statements that differ in nothing but their values, lengths of lists and numbers in names have one fingerprint."""

from collections.abc import Callable, Iterable

import pytest
from django.db import connection

from clinical_engine.profiling.fingerprints import shape_of
from tests.profiling.fingerprint_examples import EXAMPLES


@pytest.mark.parametrize(("fingerprint", "text", "shape"), EXAMPLES)
def test_fingerprints_stay_as_they_were_released(fingerprint: str, text: str, shape: str) -> None:
    found = shape_of(text)
    assert (found.text, found.fingerprint) == (shape, fingerprint)


@pytest.mark.parametrize(("fingerprint", "text", "shape"), EXAMPLES)
def test_a_shape_has_its_own_fingerprint(fingerprint: str, text: str, shape: str) -> None:
    assert shape_of(shape).fingerprint == fingerprint


def listed(head: str, one: str, between: str, tail: str) -> Callable[[int], str]:
    return lambda length: head + between.join([one] * length) + tail


@pytest.mark.parametrize(
    "of_length",
    [
        listed("SELECT a FROM t WHERE id IN (", "%s", ", ", ") AND b = %s"),
        listed("SELECT a FROM t WHERE id NOT IN(", "'it''s'", ",", ")"),
        listed("SELECT a FROM t WHERE (id, b) IN (", "(1, 'x')", ", ", ") ORDER BY a"),
        listed("SELECT a FROM t WHERE id = ANY(ARRAY[", "-5", ", ", "]::bigint[])"),
        listed("INSERT INTO t (a, b) VALUES ", "(%s, now())", ", ", " ON CONFLICT DO NOTHING"),
        listed("INSERT INTO t VALUES", "(1,'x',NULL,true)", ",", " RETURNING id"),
        listed("SELECT a FROM t WHERE (", '"t"."id" = %s', " OR ", ") AND b"),
        listed("SELECT a FROM t WHERE ", "NOT x = 'y'", " AND ", " ORDER BY a"),
        listed("SELECT a FROM t WHERE (", "(x = 1 AND y = 2)", " OR ", ")"),
        listed("UPDATE t SET a = CASE ", "WHEN (id = %s) THEN %s::int", " ", " ELSE NULL END WHERE b"),
        listed("", "SELECT id FROM t WHERE a = 5", " UNION ALL ", ""),
        listed("", "UPDATE t SET a = 5 WHERE id = 'b'", ";", ";"),
    ],
)
def test_the_length_of_a_list_does_not_matter(of_length: Callable[[int], str]) -> None:
    # The longest are shortened before they are read.
    found = {shape_of(of_length(length)) for length in (1, 2, 3, 40, 1_500, 20_000)}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("head", "one", "between"),
    [
        ("SELECT a FROM t WHERE ", "a = '12345'", " OR "),
        ("UPDATE t SET a = CASE ", "WHEN id = 'abcde' THEN 'abcde'", " "),
        ("", "SELECT 12345", " UNION ALL "),
    ],
)
def test_a_chain_is_the_same_wherever_in_a_value_its_text_is_cut(head: str, one: str, between: str) -> None:
    # Each space moves the end of what is looked at by one character.
    chain = (one + between) * (1_050_000 // len(one + between))
    found = {shape_of(f"{head}{' ' * spaces}{chain}") for spaces in range(0, len(one + between), 3)}
    assert len(found) == 1


@pytest.mark.parametrize(
    "texts",
    [
        (
            "SELECT a FROM t WHERE x = 1 OR y = 1",
            "SELECT a FROM t WHERE x = 1",
            "SELECT a FROM t WHERE y = 1",
        ),
        ("SELECT a FROM t WHERE x = 1 OR x = 2", "SELECT a FROM t WHERE x = 1 OR x > 2"),
        ("SELECT a FROM t WHERE x IS NULL", "SELECT a FROM t WHERE x IS NOT NULL"),
        ("INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a, b) VALUES (1, 2)"),
        ("SELECT f(1)", "SELECT f(1, 1)"),
        ("SELECT a FROM t WHERE x BETWEEN 1 AND 2", "SELECT a FROM t WHERE x BETWEEN 1 AND 2 AND y"),
        ('SELECT "A" FROM t', 'SELECT "a" FROM t'),
        ("SELECT a - 1", "SELECT -1"),
        ("SELECT a FROM t WHERE x AND (y OR z)", "SELECT a FROM t WHERE x AND y OR z"),
        ("SELECT CURRENT_DATE - 1", "SELECT CURRENT_DATE"),
        ("SELECT a FROM t", "SELECT a FROM t LIMIT 1"),
    ],
)
def test_statements_that_ask_for_other_things_are_told_apart(texts: tuple[str, ...]) -> None:
    assert len({shape_of(text).fingerprint for text in texts}) == len(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ("select  a\nfrom T where B=1", "SELECT a FROM t WHERE b = 2"),
        ("SELECT a /* who /* asks */ */ FROM t -- why\n WHERE b = %s", "SELECT a FROM t WHERE b = $1"),
        ("SELECT a FROM t WHERE b = %(name)s LIMIT 3;", "SELECT a FROM t WHERE b = ? LIMIT ?"),
        ("SELECT a FROM t WHERE b LIKE %s AND c %% 2 = 0", "SELECT a FROM t WHERE b LIKE 'x' AND c % 3 = 1"),
        (
            "SELECT a FROM t WHERE b=-1",
            "SELECT a FROM t WHERE b = - 1.5e-3",
            "SELECT a FROM t WHERE b = 0x1F",
        ),
        (
            "SELECT 'a'\n  'b'",
            "SELECT E'a\\'b'",
            "SELECT $t$a$b$t$",
            "SELECT U&'\\0061'",
            "SELECT X'1F'",
            "SELECT true",
        ),
        ('SAVEPOINT "s140735_x1"', 'SAVEPOINT "s99_x12"'),
        ("RELEASE SAVEPOINT s1_x1", "RELEASE SAVEPOINT s2_x3"),
        ('FETCH 2000 FROM "_django_curs_140_sync_1"', 'FETCH 5 FROM "_django_curs_23_sync_17"'),
        (
            'DECLARE "_django_curs_140_sync_1" CURSOR FOR SELECT 1',
            'DECLARE "_django_curs_7_sync_2" CURSOR FOR SELECT 2',
        ),
        ("EXECUTE statement_12 (1)", "EXECUTE statement_3 ('x')"),
        ("PREPARE statement_1 AS SELECT a FROM t WHERE b = $1::int", "SELECT a FROM t WHERE b = %s::int"),
        ("CREATE TEMPORARY TABLE incoming_17 (a int)", "CREATE TEMPORARY TABLE incoming_18 (a int)"),
        ("COPY held_019ab3f4c2 FROM STDIN", "COPY held_019ab3f4d7 FROM STDIN"),
    ],
)
def test_what_only_looks_different_is_the_same(texts: tuple[str, ...]) -> None:
    assert len({shape_of(text) for text in texts}) == 1


@pytest.mark.django_db
def test_a_statement_is_the_same_before_and_after_its_values_are_bound() -> None:
    for template, parameters in bound():
        with connection.cursor() as cursor:
            sent = cursor.mogrify(template, parameters).decode()
        assert shape_of(template).fingerprint == shape_of(sent).fingerprint


def bound() -> Iterable[tuple[str, list[object]]]:
    yield "SELECT a FROM t WHERE b = %s AND c > %s AND d LIKE '%%x'", [-5, "it's \\ 5 %"]
    yield "SELECT a FROM t WHERE b = ANY(%s) AND c = ANY(%s::text[])", [[1, 2, 3], []]
    yield "INSERT INTO t VALUES (%s, %s::jsonb, %s)", [None, '{"a": [1]}', True]
    yield "UPDATE t SET a = %s, b = %s WHERE c IN %s", [b"\x00'", 1.5, (1, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ";",
        ")",
        "(",
        "IN (",
        "IN ()",
        "[",
        "CASE",
        "END",
        "VALUES",
        ",",
        "OR",
        "\x00",
        "\ud800",
        "é…",
    ],
)
def test_what_is_no_statement_has_a_shape_as_well(text: str) -> None:
    assert len(shape_of(text).fingerprint) == 16
