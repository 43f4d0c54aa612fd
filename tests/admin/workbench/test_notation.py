"""Values as people type them."""

import json

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from observations.admin.workbench.notation import text_of, value_of

SCALARS = (
    st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.floats(-1e14, 1e14)
    | st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
)
RECORDS = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True), SCALARS | st.none(), max_size=4
)


@given(st.none() | SCALARS | RECORDS | st.lists(SCALARS | RECORDS, max_size=4))
def test_a_value_is_read_as_it_was_written(value: object) -> None:
    read = value_of(text_of(value))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True),
        ("false", False),
        ("None", None),
        ("null", None),
        ('["True", True]', ["True", True]),
        (' {"a": None} ', {"a": None}),
        ("-0.5e3", -500.0),
        ('"say \\"None\\""', 'say "None"'),
    ],
)
def test_both_ways_of_writing_are_understood(text: str, value: object) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ninety", "Write a number"),
        ("", "Write a number"),
        ("[1, 2", "Write a number"),
        ("NaN", "Write a number"),
        ("-Infinity", "Write a number"),
        ("1e999", "below 1e15"),
        ("1" * 5_000, "Write a number"),
        ("[" * 100_000, "Write a number"),
        ("[[1]]", "no lists in it"),
        ('{"a": {"b": 1}}', "no lists in it"),
        ('{"a": 1, "a": 2}', "each field once"),
        ('{"1a": 1}', "a letter first"),
        ('"\\u0000"', "printable"),
        ('["\\ud800"]', "printable"),
        (f"[{'1,' * 1_000}1]", "at most 1,000 items"),
        (json.dumps({f"a{n}": 1 for n in range(101)}), "at most 100 fields"),
    ],
)
def test_what_no_input_can_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        value_of(text)
