"""`manage.py slow_queries`: what it says, to people and to scripts, and how it exits."""

import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import IO, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinical_engine.common.database import execute
from clinical_engine.profiling import selectors
from clinical_engine.profiling.models import CapturedStatement, FindingKind
from clinical_engine.running.environment import ROOT
from tests import factories
from tests.patients.concurrency import Threads, uncommitted
from tests.profiling import captured

pytestmark = pytest.mark.usefixtures("committed_db")


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("slow_queries", *arguments, stdout=output)
    return output.getvalue()


def document(*arguments: str) -> Any:
    return json.loads(run("--json", *arguments))


def listed(*arguments: str) -> list[str]:
    return [each["fingerprint"] for each in document(*arguments)["statements"]]


def exit_code(*arguments: str) -> int:
    try:
        run(*arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_fresh_engine_says_that_there_is_nothing_yet() -> None:
    assert run().startswith("Nothing was captured yet.")
    assert document()["statements"] == []


def test_one_statement_is_told_with_the_fixed_cost_beneath_its_growth() -> None:
    made = captured.growing_above_a_fixed_cost()
    assert "40 ms are fixed, 67% of what it costs now" in run(made.fingerprint)


def test_the_table_shows_what_costs_most_first_with_its_headroom_and_findings() -> None:
    light = captured.statement(time_week_us=1_000)
    heavy = captured.growing(time_week_us=9_000_000)
    captured.finding(heavy, due_in=-1)
    lines = run().splitlines()
    assert lines[0].split()[:3] == ["FINGERPRINT", "TIME", "7D"]
    assert lines[1].startswith(heavy.fingerprint)
    assert "grows 1.02" in lines[1]
    assert captured.SHAPE[:40] in lines[2]
    assert "reaches 20 s at 1.4 million active patients, about March 2028" in lines[3]
    assert "Grows towards its limit, due" in lines[4]
    assert "nobody yet" in lines[4]
    assert lines[5].startswith(light.fingerprint)
    assert lines[-1] == "Captured statements: 2 of 2. Findings: 1 open, 1 of them overdue."


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("time", {"time_week_us": 10**9}),
        ("p95", {"p95_now_us": 10**9}),
        ("exponent", {"exponent": 3.0}),
        ("headroom", {"limit_on": timezone.now().date()}),
        ("parameters", {"values_most": 10**6}),
        ("repeated", {"repeated_most": 900}),
    ],
)
def test_each_order_begins_with_what_is_worst(sort: str, first: dict[str, Any]) -> None:
    captured.statement(p95_now_us=None)
    worst = captured.statement(**first)
    captured.statement()
    assert listed("--sort", sort)[0] == worst.fingerprint
    assert set(selectors.SORTS) == {"time", "p95", "exponent", "headroom", "parameters", "repeated"}


def test_only_what_is_asked_for_is_listed_and_so_many_of_them() -> None:
    growing, slower, over, many, repeated, settled = (captured.statement() for _ in range(6))
    CapturedStatement.objects.filter(pk=growing.pk).update(outlook="grows")
    captured.finding(slower, kind=FindingKind.SLOWER, owner=factories.user())
    captured.finding(over, kind=FindingKind.OVER_LIMIT, due_in=-1)
    captured.finding(many, kind=FindingKind.TOO_MANY)
    captured.finding(repeated, kind=FindingKind.REPEATED)
    for kind in FindingKind:
        captured.finding(settled, kind=kind, due_in=-5, closed_at=timezone.now(), owner=factories.user())
    wanted = {
        "grows": growing,
        "slower": slower,
        "over_limit": over,
        "too_many": many,
        "repeated": repeated,
        "owned": slower,
        "overdue": over,
    }
    assert set(selectors.ONLY) == set(wanted)
    for only, statement in wanted.items():
        assert listed("--only", only) == [statement.fingerprint]
    assert len(listed("--top", "2")) == 2
    assert document("--top", "2")["total"] == 6
    assert "Captured statements: 2 of 6." in run("--top", "2")


def test_the_json_document_has_the_keys_that_are_documented() -> None:
    growing = captured.growing(timed_out_at=timezone.now())
    captured.finding(growing, owner=factories.user(username="anna"))
    found = document()
    assert list(found) == ["release", "as_of", "findings_open", "findings_overdue", "total", "statements"]
    [statement] = found["statements"]
    example = (ROOT / "docs/operations/slow-queries.md").read_text(encoding="utf-8")
    documented = json.loads(example.split("```json")[1].split("```")[0])
    assert list(documented) == list(found)
    assert list(documented["statements"][0]) == list(statement)
    for part in ("growth", "limit"):
        assert list(documented["statements"][0][part]) == list(statement[part])
    assert list(documented["statements"][0]["findings"][0]) == list(statement["findings"][0])
    assert statement["limit"]["driver_at_limit"] == 1_400_000
    assert statement["limit"]["on"] == "2028-03-10"
    assert statement["findings"][0]["owner"] == "anna"
    assert statement["changes"][0]["factor"] == 2.0


def test_one_statement_is_shown_with_its_callers_days_and_findings() -> None:
    growing = captured.growing()
    captured.days(growing, 3, releases=("r1", "r2"))
    captured.caller(growing, origin="job recompute", place="observations/recompute.py:7", time_us=1)
    captured.finding(growing, note="asked the planner")
    captured.finding(
        growing, kind=FindingKind.SLOWER, closed_at=timezone.now(), closed_because="an index was made"
    )
    shown = document(growing.fingerprint)["statement"]
    assert [caller["origin"] for caller in shown["callers"]] == [captured.ORIGIN, "job recompute"]
    assert [day["day"] for day in shown["days"]] == [
        str(timezone.now().date() - timedelta(days=ago)) for ago in (2, 1, 0)
    ]
    assert shown["days"][-1]["release"] == "r2"
    assert shown["days"][0]["p95_us"] > 0
    assert [finding["closed_at"] is None for finding in shown["findings"]] == [True, False]
    text = run(growing.fingerprint)
    assert captured.SHAPE in text
    assert "The duration grows with the active patients to the power of 1.0 (0.9 to 1.1)." in text
    assert "observations/recompute.py:7" in text
    assert " (asked the planner)\n" in text
    assert f"settled {timezone.now():%Y-%m-%d}: " in text
    assert " (an index was made)\n" in text


def test_it_fails_for_a_cron_job_only_on_what_is_asked_for_and_open() -> None:
    statement = captured.statement()
    assert exit_code("--fail-on", "grows", "--fail-on", "overdue") == 0
    captured.finding(statement, kind=FindingKind.SLOWER)
    captured.finding(statement, due_in=-3, closed_at=timezone.now())
    assert exit_code("--fail-on", "grows", "--fail-on", "overdue") == 0
    captured.finding(statement, due_in=0)
    assert exit_code() == 0
    assert exit_code("--fail-on", "overdue") == 0
    assert exit_code("--fail-on", "grows") == 1
    captured.finding(captured.statement(), kind=FindingKind.REPEATED, due_in=-1)
    assert exit_code("--json", "--fail-on", "overdue") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--top", number) for number in ("0", "x", "100001", "9" * 20, "9" * 5_000)),
        ("--sort", "cost"),
        ("--only", "mine"),
        *(
            ("0123456789abcdef", *option)
            for option in (("--top", "20"), ("--sort", "time"), ("--only", "grows"))
        ),
    ],
)
def test_wrong_use_is_said(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as raised:
        run(*arguments)
    assert raised.value.returncode in {1, 2}
    done = manage(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_fingerprint_may_be_written_in_capitals() -> None:
    captured.statement()
    made = captured.statement(fingerprint="abcdef0123456789")
    assert document("ABCDEF0123456789")["statement"]["fingerprint"] == made.fingerprint


def test_a_word_that_none_fits_is_told_beside_what_was_captured_and_found() -> None:
    captured.finding(captured.statement(), kind=FindingKind.SLOWER, due_in=5)
    findings = "Findings: 1 open, 0 of them overdue."
    assert (
        run("--only", "overdue")
        == f"Captured statements: 1. None of them has an overdue finding. {findings}\n"
    )
    assert (
        run("--only", "repeated")
        == f"Captured statements: 1. None of them has such a finding open. {findings}\n"
    )


@pytest.mark.parametrize("form", [(), ("--json",), ("FINGERPRINT",)])
def test_whoever_has_read_enough_ends_it_quietly(form: tuple[str, ...]) -> None:
    captured.few(30)
    made = captured.growing()
    captured.days(made, 60)
    arguments = [made.fingerprint if each == "FINGERPRINT" else each for each in form]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody_reads:
        done = manage(*arguments, output=nobody_reads)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fingerprint_that_nobody_has_is_said() -> None:
    with pytest.raises(CommandError, match="No captured statement has this fingerprint") as raised:
        run("0123456789abcdef")
    assert raised.value.returncode == 2


def manage(
    *arguments: str, output: "int | IO[str]" = subprocess.PIPE, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", "slow_queries", *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_works_without_a_terminal() -> None:
    captured.finding(captured.growing())
    done = manage("--json", "--fail-on", "grows")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["total"] == 1


def test_it_only_reads_and_asks_as_much_whatever_there_is() -> None:
    statements = []
    for number in (1, 10):
        captured.few(number)
        with CaptureQueriesContext(connection) as sent:
            run("--json", "--top", "50")
        statements.append([each["sql"] for each in sent])
    assert statements[0][1] == "SET TRANSACTION READ ONLY"
    assert len(statements[0]) == len(statements[1])
    assert {sql.split()[0] for sql in statements[1]} == {"BEGIN", "SET", "SELECT", "COMMIT"}


def test_a_database_that_does_not_answer_in_time_is_said_in_one_line() -> None:
    def lock() -> None:
        execute("LOCK TABLE profiling_capturedstatement IN ACCESS EXCLUSIVE MODE")

    with Threads(1) as threads, uncommitted(threads, lock):
        done = manage(WORKER_STATEMENT_TIMEOUT_MS="300")
    assert done.returncode == 3
    [line] = done.stderr.strip().splitlines()
    assert "was over its time limit." in line


def test_a_database_that_is_away_is_said_in_one_line() -> None:
    done = manage(DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == 3
    assert done.stderr.strip().splitlines() == ["CommandError: The database does not answer."]
