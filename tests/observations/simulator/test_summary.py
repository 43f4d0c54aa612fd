"""What a run tells in the end, and while it lasts."""

import io
import json
from typing import Any

import pytest

from observations.simulator.answering import Difference
from observations.simulator.progress import Display
from observations.simulator.summary import Backlog, Summary, Times, percentile, times_of

GOOD: dict[str, Any] = {
    "run": "r",
    "seed": 1,
    "interrupted": False,
    "patients": 2,
    "compared": 2,
    "right": 2,
    "linked": 2,
    "compared_readings": 20,
    "compared_observations": 9,
    "statements": {"accepted": 2},
    "readings": {"accepted": 15, "held": 5},
    "retractions": {},
    "unsent": 0,
    "unanswered": 0,
    "silence": "",
    "wrong_answers": 0,
    "differences": [],
    "until_linked": Times(2, 0.1, 0.2, 0),
    "until_observed": Times(0, None, None, 1),
    "backlog": Backlog(0, 0.1, 0.1, 0.2),
    "requests": 4,
    "resent": 0,
    "troubles": {},
    "sending_seconds": 10.0,
    "total_seconds": 12.0,
    "sending_cpu_seconds": 0.5,
    "total_cpu_seconds": 0.6,
}
NO_TIMES = Times(0, None, None, 2)
DIFFERENCE = Difference("p-1", "its links", "[]", "['now']")


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile([3.0], 99) == 3
    assert percentile([], 50) is None
    assert times_of([2.0, 1.0], unseen=1) == Times(2, 1.0, 2.0, 1)


@pytest.mark.parametrize(
    ("backlog", "grew"),
    [
        (Backlog(0, 0.1, 0.2, 0.1), False),
        (Backlog(0, 0.1, 1.1, 0.1), False),
        (Backlog(0, 0.1, 1.3, 0.1), True),
        (Backlog(0, None, None, 0.1), False),
        (Backlog(500, 0.1, 0.1, 6), True),
    ],
)
def test_a_backlog_grew_when_results_took_ever_longer_or_requests_piled_up(
    backlog: Backlog,
    grew: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert backlog.grew is grew


def test_a_run_in_which_all_is_well_says_so() -> None:
    summary = Summary(**GOOD)
    assert summary.is_as_expected
    text = summary.text()
    assert "Nothing is missing, nothing differs." in text
    assert "p50 0.10 s, p99 0.20 s (2 watched)." in text
    assert "p50 -, p99 - (0 watched, 1 never did)." in text
    assert "0.5 s in 10.0 s of sending (5 % of one core)" in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"differences": [DIFFERENCE], "right": 1}, "p-1: its links should be [], is ['now']"),
        ({"differences": [DIFFERENCE] * 23, "right": 1}, "... and 3 more"),
        ({"unanswered": 3, "right": 1}, "3 got no answer"),
        ({"unsent": 3, "right": 1}, "not sent                                         3"),
        ({"interrupted": True, "compared": 1}, "Interrupted: 1 of 2 patients were compared."),
        ({"right": 1}, "NOT as expected: 1 of 2 patients, and 0 answers."),
        ({"differences": [DIFFERENCE], "wrong_answers": 1}, "0 of 2 patients, and 1 answers."),
        ({"right": 0, "linked": 0, "until_linked": NO_TIMES}, "No links at all: do the workers run"),
        (
            {"right": 0, "linked": 0, "silence": "ConnectionRefusedError"},
            "The engine does not answer (ConnectionRefusedError): does its web run?",
        ),
        (
            {
                "right": 0,
                "compared": 0,
                "linked": 0,
                "unanswered": 9,
                "troubles": {"TimeoutError": 3, "503": 1},
            },
            "The engine does not answer (503, TimeoutError): does its web run?",
        ),
    ],
)
def test_a_run_in_which_something_is_not_says_what(fields: dict[str, Any], words: str) -> None:
    summary = Summary(**{**GOOD, **fields})
    assert not summary.is_as_expected
    assert words in summary.text()
    assert "Nothing is missing" not in summary.text()


def test_workers_are_not_asked_for_where_links_showed_or_the_engine_was_silent() -> None:
    lost: dict[str, Any] = {**GOOD, "right": 0, "linked": 0}
    for fields in (
        {},
        {"silence": "TimeoutError", "until_linked": NO_TIMES},
        {"compared": 0, "until_linked": NO_TIMES},
    ):
        assert "do the workers run" not in Summary(**{**lost, **fields}).text()


def test_the_json_has_everything_and_the_judgements() -> None:
    written = json.loads(Summary(**{**GOOD, "differences": [DIFFERENCE]}).as_json())
    assert written["as_expected"] is False
    assert written["backlog_grew"] is False
    assert written["differences"] == [
        {"about": "p-1", "what": "its links", "expected": "[]", "found": "['now']"}
    ]
    assert written["until_linked"] == {"number": 2, "p50": 0.1, "p99": 0.2, "unseen": 0}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_rewrites_its_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "11")
    terminal = Terminal()
    display = Display(terminal)
    display.show(lambda: "a long line of text")
    display.show(lambda: "too soon")
    display.close()
    display.close()
    assert terminal.getvalue() == "\ra long lin\n"


def test_progress_is_plain_lines_elsewhere() -> None:
    output = io.StringIO()
    display = Display(output)
    display.show(lambda: "a line")
    display.show(lambda: "too soon")
    display.close()
    assert output.getvalue() == "a line\n"
