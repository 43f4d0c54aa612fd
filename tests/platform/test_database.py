"""Bulk values travel as one array literal: whatever they are, they arrive as they were."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clinical_engine.common.database import array_literal, execute, fetch_all

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


@pytest.mark.django_db
def test_a_statement_tells_how_many_rows_it_touched() -> None:
    assert execute("SELECT generate_series(1, 3)") == 3
