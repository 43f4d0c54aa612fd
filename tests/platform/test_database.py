"""Bulk values travel as one array literal: whatever they are, they arrive as they were."""

from datetime import datetime, timedelta, timezone

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clinical_engine.common.database import array_literal, deferred_flushing, execute, fetch_all
from observations.intake import Outcome

# PostgreSQL has no texts with NUL, and UTF-8 no halves of surrogate pairs.
texts = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
awkward = some.sampled_from(
    ["", "NULL", "null", '"', "\\", "{}", "a,b", " ", "'", "%s", "\n", '\\"', "{{1}}", "é"]
)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(texts | awkward | some.none(), max_size=8))
def test_every_text_and_every_absence_arrives_as_it_was(values: list[str | None]) -> None:
    rows = fetch_all(
        "SELECT value FROM unnest(%s::text[]) WITH ORDINALITY AS given (value, place) ORDER BY place",
        [array_literal(values)],
    )
    assert [row[0] for row in rows] == values


zones = some.builds(
    timezone, some.integers(-14 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes))
)
of_a_kind = some.sampled_from(
    [
        ("timestamptz", some.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 30), timezones=zones)),  # noqa: DTZ001 - with `timezones`
        ("numeric", some.decimals(allow_nan=False, allow_infinity=False)),
        # Without a nought below nought, of which the driver by itself loses the sign.
        ("float8", some.floats(allow_subnormal=False).map(lambda value: value + 0.0)),
        ("int8", some.integers(-(2**63), 2**63 - 1)),
        ("uuid", some.uuids()),
        ("bool", some.booleans()),
        ("date", some.dates()),
        ("text", some.sampled_from(Outcome)),
    ]
)


@pytest.mark.django_db
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.data(), of_a_kind)
def test_whatever_its_kind_each_value_arrives_as_it_was(
    data: some.DataObject, kind: tuple[str, some.SearchStrategy[object]]
) -> None:
    name, values = kind
    each = data.draw(some.lists(values | some.none(), max_size=8))
    # A value that came by itself, as the driver binds it, is what one in the list must be.
    [(arrived, expected)] = fetch_all(f"SELECT %s::{name}[], %s::{name}[]", [array_literal(each), each])
    assert str(arrived) == str(expected)  # as texts: a NaN is not equal to itself


@pytest.mark.django_db
def test_numbers_that_are_none_and_infinite_ones_are_no_absence_and_nought_keeps_its_sign() -> None:
    values = [float("inf"), None, float("-inf"), 1.5, -0.0]
    [(arrived,)] = fetch_all("SELECT %s::float8[]", [array_literal(values)])
    assert str(arrived) == str(values)


@pytest.mark.django_db
@pytest.mark.parametrize("span", [timedelta(0), timedelta(days=400, microseconds=3), timedelta(seconds=59.5)])
def test_a_span_of_time_arrives_as_it_was(span: timedelta) -> None:
    [(arrived,)] = fetch_all("SELECT %s::interval[]", [array_literal([span])])
    assert arrived == [span]


@pytest.mark.django_db
def test_a_statement_tells_how_many_rows_it_touched() -> None:
    assert execute("SELECT generate_series(1, 3)") == 3


@pytest.mark.usefixtures("committed_db")
def test_nobody_gets_a_connection_on_which_commits_return_before_they_are_on_disk() -> None:
    with deferred_flushing():
        assert fetch_all("SHOW synchronous_commit") == [("off",)]
    assert fetch_all("SHOW synchronous_commit") == [("on",)]
    with pytest.raises(OperationalError), deferred_flushing():
        execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert fetch_all("SHOW synchronous_commit") == [("on",)]
