"""The place of a statement is looked for where it was the last time, and found wherever it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.test import Client

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture import places, units
from submitters.models import Organisation
from tests.factories import user
from tests.profiling.capture.support import capturing

pytestmark = pytest.mark.django_db
_SAME = "SELECT 1 AS same"


@contextmanager
def _noting() -> Iterator[list[units.Execution]]:
    found: list[units.Execution] = []
    with units.overheard(found.append):
        yield found


def _deeper(levels: int, send: Callable[[], object]) -> None:
    if levels:
        _deeper(levels - 1, send)
    else:
        send()


def _send() -> None:
    fetch_all(_SAME)


def _lines(executions: list[units.Execution]) -> list[int]:
    return [execution.place[1] if execution.place else 0 for execution in executions]


def test_a_text_that_two_lines_send_in_turns_has_the_line_that_sends_it() -> None:
    with _noting() as found:
        for _ in range(3):
            fetch_all(_SAME)
            fetch_all(_SAME)
    first, second, *others = _lines(found)
    assert second == first + 1
    assert others == [first, second] * 2


def test_a_text_that_one_line_sends_twice_has_that_line_both_times_and_is_kept_once() -> None:
    with _noting() as found:
        for number in range(2):
            fetch_all(f"{'SELECT'} {number - number} AS built")
    assert len(set(_lines(found))) == 1
    assert found[0].text is found[1].text


def test_the_line_stays_the_same_however_deep_the_stack_is() -> None:
    with _noting() as found:
        for levels in (0, 40, 3, 40, 0):
            _deeper(levels, _send)
    assert set(_lines(found)) == {_send.__code__.co_firstlineno + 1}


def test_a_line_that_asks_by_the_orm_is_found_in_front_of_all_of_django() -> None:
    with _noting() as found:
        for _ in range(3):
            Organisation.objects.filter(name="nobody").first()
            list(Organisation.objects.filter(name="nobody"))
    first, second = _lines(found)[:2]
    assert _lines(found) == [first, first + 1] * 3
    assert second == first + 1


def test_a_place_that_was_forgotten_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_MOST_LAST", 2)
    with capturing() as noted:
        for _ in range(2):
            for name in ("a", "b", "c", "d"):
                fetch_all(f"SELECT 1 AS {name}")
    [line] = {counted.place for counted in noted.counted}
    assert line.startswith("tests/profiling/capture/test_places.py:")
    assert [counted.calls for counted in noted.counted] == [2, 2, 2, 2]


def test_what_django_sends_within_a_middleware_of_ours_is_not_sent_from_there(client: Client) -> None:
    client.force_login(user())
    with capturing() as noted:
        client.get("/admin/")
    # The test is what is left of ours around Django.
    assert noted.of('from "django_session"').place.startswith("tests/")
