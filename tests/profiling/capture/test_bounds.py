"""Whatever is sent, what is kept of it is bounded: in memory, in a batch, and in time."""

from collections.abc import Callable
from itertools import count
from time import process_time
from typing import Any

import pytest
from django.db import connection
from psycopg2.extras import execute_values

from clinical_engine.common.database import execute
from clinical_engine.profiling.capture import batches, tally, units
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from tests.processor import slowness, within, yardstick
from tests.profiling.capture.support import Noted, capturing

MEGABYTE = 1_000_000


def _literal(cursor: Any) -> None:
    cursor.execute(f"SELECT 1 AS huge, length('{'x' * 10 * MEGABYTE}')")


def _many_literals(cursor: Any) -> None:
    cursor.execute(f"SELECT 1 AS huge WHERE 1 IN ({', '.join(str(n) for n in range(1_200_000))})")


def _parameters(cursor: Any) -> None:
    placeholders = ", ".join(["%s"] * 65_000)
    cursor.execute(f"SELECT 1 AS huge WHERE 'z' IN ({placeholders})", [f"{n:0150}" for n in range(65_000)])


def _array(cursor: Any) -> None:
    cursor.execute("SELECT 1 AS huge WHERE 'z' = ANY(%s)", [[f"{n:0150}" for n in range(65_000)]])


def _values(cursor: Any) -> None:
    rows = [(n, "y" * 140) for n in range(65_000)]
    execute_values(cursor.cursor, "SELECT 1 AS huge FROM (VALUES %s) AS v LIMIT 1", rows, page_size=65_000)


def _bytes(cursor: Any) -> None:
    cursor.execute(b"SELECT 1 AS huge, length('" + b"x" * 10 * MEGABYTE + b"')")


HUGE: dict[str, tuple[Callable[[Any], None], int, int]] = {
    "one literal": (_literal, 0, 0),
    "a list of literals": (_many_literals, 0, 1_200_000),
    "65,000 parameters": (_parameters, 65_000, 0),
    "an array": (_array, 1, 65_000),
    "execute_values": (_values, 130_000, 130_000),
    "bytes": (_bytes, 0, 0),
}


@pytest.mark.django_db
@pytest.mark.parametrize("way", HUGE)
def test_a_statement_of_ten_megabytes_costs_little_more_than_without_and_little_of_it_is_kept(
    way: str,
) -> None:
    send, parameters, values = HUGE[way]
    with connection.cursor() as cursor:
        before = units.capture_into(None)
        try:
            without = min(_seconds(lambda: send(cursor)) for _ in range(2))
        finally:
            units.capture_into(before)
        with capturing() as noted:
            with_capture = min(_seconds(lambda: send(cursor)) for _ in range(2))
        texts = [text for text, _, _ in noted.tally._cells]
        assert sum(map(len, texts)) < 40_000
    found = noted.of("huge")
    assert found.calls == 2
    assert found.bytes_most > 9 * MEGABYTE
    assert (found.parameters_most, found.values_most) == (parameters, values)
    # Of this process: the server's share is as noisy as the machine.
    assert with_capture < without + 0.25 * slowness(yardstick())


def _seconds(action: Callable[[], object]) -> float:
    begun = process_time()
    action()
    return process_time() - begun


_floods = count(1)


def flood(noted: Noted, number: int, origin: str = "task flood") -> None:
    """Statements that nobody has sent before."""
    start = next(_floods) * 1_000_000
    for each in range(start, start + number):
        text = f"SELECT a{each} FROM t{each} WHERE {'c = 1 AND ' * 40} d = 2"
        noted.tally.add(origin, [units.Execution(text, None, 0.001, 1, 0, 0, 500, None)], None)


def test_of_very_many_distinct_statements_a_bounded_number_is_kept_and_none_is_lost() -> None:
    noted = Noted()
    flood(noted, 30_000)
    assert len(noted.tally._cells) <= tally.MOST_KEYS + 1
    with within(3):
        content = noted.content()
    assert len(content) < MEGABYTE
    found = batches.decoded(content).counted
    assert sum(each.calls for each in found) == 30_000
    assert len(found) <= 301


def test_texts_that_are_long_fill_no_memory_either() -> None:
    noted = Noted()
    for each in range(4_000):
        text = f"SELECT a{each} FROM " + "very_long_name, " * 240
        noted.tally.add("job a", [units.Execution(text, None, 0.001, 1, 0, 0, 4_000, None)], None)
    assert sum(len(text) for text, _, _ in noted.tally._cells) <= tally.MOST_TEXT + 5_000
    assert sum(cell.calls for cell in noted.tally._cells.values()) == 4_000


def test_what_is_known_is_told_from_the_others_even_in_a_flood() -> None:
    known = [units.Execution("SELECT 1 AS well_known", None, 0.001, 1, 0, 0, 20, None)]
    noted = Noted()
    noted.tally.add("job a", known, None)
    noted.content()
    again = Noted()
    flood(again, 2_000, "task another flood")
    again.tally.add("job a", known, None)
    assert again.of("well_known").calls == 1
    others = [each for each in again.counted if each.fingerprint == OTHER_STATEMENTS.fingerprint]
    assert [(each.origin, each.place) for each in others] == [("", "")]


def test_of_a_flood_of_new_statements_the_one_that_takes_most_time_is_told_from_the_others() -> None:
    noted = Noted()
    flood(noted, 4_000)
    often = [units.Execution("SELECT 1 AS sent_often", None, 0.001, 1, 0, 0, 20, None)] * 250
    for origin in ("job a", "job b"):
        noted.tally.add(origin, often, None)
    found = [each for each in noted.counted if "sent_often" in each.shape]
    assert {each.origin: each.calls for each in found} == {"job a": 250, "job b": 250}
    assert len({each.fingerprint for each in noted.counted} - {OTHER_STATEMENTS.fingerprint}) == 300


@pytest.mark.django_db
def test_a_statement_costs_little_to_note() -> None:
    def send() -> None:
        for _ in range(2_000):
            execute("SELECT 1")

    before = units.capture_into(None)
    try:
        without = min(_seconds(send) for _ in range(3))
    finally:
        units.capture_into(before)
    with capturing():
        with_capture = min(_seconds(send) for _ in range(3))
    # Some ten microseconds each; the bench measures it, here nothing is far off.
    assert (with_capture - without) / 2_000 < 100e-6
