"""Whatever stands in a literal, however it is written and wherever the text is cut, nothing of it is in the shape."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg2.extensions import adapt

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.fingerprints import folded, shape_of
from tests.processor import within

# Of these letters none is in a statement outside its literals.
GREEK = re.compile("[\u0391-\u03c9]")
ALPHA = "\u03b1"
PIECES = [
    ALPHA,
    "\u03a9\u03b2",
    *"'\"\\$%?;:,.()[]{}-/*\n\t eEuUxX",
    "''",
    "--",
    "/*",
    "*/",
    "$$",
    "$t$",
    "%s",
    "::",
]
VALUES = st.lists(st.sampled_from(PIECES)).map("".join)


def plain(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def escaped(value: str) -> str:
    return "E'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def escaped_otherwise(value: str) -> str:
    return "e'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def unicode(value: str) -> str:
    return "U&'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def dollar_quoted(value: str) -> str:
    tag = next(
        tag for tag in ("$$", "$t$", "$tag_é$", "$T2$", "$u$") if (value + tag).index(tag) == len(value)
    )
    return tag + value + tag


def continued(value: str) -> str:
    half = len(value) // 2
    return f"{plain(value[:half])}\n  {plain(value[half:])}"


def as_the_driver_writes(value: str) -> str:
    quoted = adapt(value)
    quoted.encoding = "utf-8"
    return str(quoted.getquoted().decode())


WRITERS = [plain, escaped, escaped_otherwise, unicode, dollar_quoted, continued, as_the_driver_writes]
LITERALS = st.builds(lambda value, write: write(value), VALUES, st.sampled_from(WRITERS))
PATTERNS = [
    "SELECT a FROM t WHERE b = {} AND c IN ({}, {})",
    "SELECT a FROM t WHERE b ={}OR b ={}OR b= {}",
    "SELECT a FROM t WHERE b LIKE {}::text /* it's */ AND c -- it's\n = {} AND d->>{} = 'x'",
    "INSERT INTO t (a, b) VALUES ({}, 1), ({}, NULL), ({},-2.5)",
    "SELECT f({}), ARRAY[{}, {}]::text[]",
    "EXECUTE statement_1 ({}, {}, {})",
    "SET x = {}; NOTIFY y, {}; DO {}",
    'UPDATE t SET "it\'s" = CASE WHEN (a = {}) THEN {} WHEN (a = {}) THEN 1 END',
    "SELECT {} {} {} secret$1$2 FROM t",
]


@st.composite
def statements(draw: st.DrawFn, times: tuple[int, ...] = (1, 1, 2, 60, 2_000)) -> str:
    """A statement with literals, repeated until it is short, long, or very long."""
    pattern = draw(st.sampled_from(PATTERNS))
    literals = [draw(LITERALS) for _ in range(3)]
    text = pattern.format(*literals)
    return (text + draw(st.sampled_from([" ", "\n", ";", " OR "]))) * draw(
        st.sampled_from([1, 1, 2, 60, 2_000])
    )


@given(statements(), st.floats(0, 1))
@example(f"SELECT 1E'\\'{ALPHA}' ", 1.0)
def test_no_part_of_a_literal_is_in_a_shape_wherever_the_text_is_cut(text: str, share: float) -> None:
    text = text[: round(len(text) * share)]
    assert not GREEK.search(shape_of(text).text)


@given(statements(times=(1, 60)), st.floats(0, 1))
def test_a_shortened_text_has_the_shape_of_the_whole(text: str, share: float) -> None:
    # Of a longer one only the beginning is read, and of the shortened one more.
    text = text[: min(round(len(text) * share), 30_000)]
    assert shape_of(folded(text)) == shape_of(text)


@given(
    st.one_of(
        st.integers(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_no_digit_of_a_number_is_in_a_shape(number: object) -> None:
    for text in (
        f"SELECT a FROM t WHERE b ={number}",
        f"SELECT {number}::text,{number}",
        f"VALUES ({number}, {number})",
    ):
        assert not re.search("[0-9]", shape_of(text).text)


@pytest.mark.django_db
@given(VALUES, st.sampled_from(WRITERS))
def test_the_literals_of_these_tests_are_literals_to_postgresql(
    value: str, write: Callable[[str], str]
) -> None:
    with connection.cursor():
        [(read,)] = fetch_all(f"SELECT {write(value)}")
    assert read == value


ODD = {
    "quotes": "SELECT " + "''' " * 300_000,
    "brackets": "SELECT " + "(" * 1_000_000,
    "brackets that open rows": "SELECT " + "(1," * 400_000,
    "brackets that hold brackets": "SELECT " + "((1),(1)," * 150_000,
    "lists that go wrong": "SELECT a IN (" + "1, 2, x " * 150_000,
    "arrays that go wrong": "SELECT " + "ARRAY[1, 'a', " * 80_000,
    "dollars": "SELECT " + " ".join(f"$a{number}$" for number in range(150_000)),
    "comments in comments": "SELECT " + "/*" * 500_000,
    "escapes": "SELECT E'" + "\\" * 1_000_001,
    "operators": "SELECT " + "=+" * 500_000,
    "placeholders that go wrong": "SELECT " + "%(a" * 400_000,
    "casts": "SELECT 'a'" + "::a(1," * 200_000,
    "a long word": "SELECT " + "a_1" * 400_000,
    "ORs": "SELECT " + "a = 1 OR b = 2 OR " * 60_000,
    "CASEs": "SELECT " + "CASE WHEN a " * 90_000,
    "ten megabytes": "INSERT INTO t VALUES " + ", ".join(["(1, 'a')"] * 1_000_000),
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_odd_text_of_a_megabyte_takes_no_more_than_a_second(text: str) -> None:
    with within(1):
        shape = shape_of(text)
    assert len(shape.text) <= 8_000
