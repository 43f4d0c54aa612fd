"""What a process counted is written outside of anybody's transaction, by threads that hold up nobody."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from time import monotonic

import psycopg2
import pytest
from django.db import connection, transaction

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.capture import batches, writing
from clinical_engine.profiling.capture.batches import Counted
from clinical_engine.profiling.capture.rollup import roll_up
from clinical_engine.profiling.models import CapturedBatch, CapturedStatement
from clinical_engine.running.environment import ROOT
from tests.patients.concurrency import Threads, wait_until
from tests.profiling.capture.support import nobody_is_connected


@pytest.fixture
def written(committed_db: None) -> Callable[[], list[Counted]]:
    """What stands in batches that are committed."""
    writing.flush()
    CapturedBatch.objects.all().delete()

    def read() -> list[Counted]:
        contents = [bytes(content) for content in CapturedBatch.objects.values_list("content", flat=True)]
        return [counted for content in contents for counted in batches.decoded(content).counted]

    return read


def calls(found: list[Counted], words: str) -> int:
    return sum(each.calls for each in found if words in each.shape)


def test_what_is_rolled_back_has_been_counted_all_the_same(written: Callable[[], list[Counted]]) -> None:
    with transaction.atomic():
        execute("SELECT 1 AS rolled")
        writing.flush()
        transaction.set_rollback(True)
    assert calls(written(), "rolled") == 1


def test_nothing_of_the_writing_itself_is_captured(written: Callable[[], list[Counted]]) -> None:
    for _ in range(3):
        execute("SELECT 1 AS sent")
        writing.flush()
    found = written()
    assert calls(found, "sent") == 3
    assert calls(found, "INSERT INTO profiling_capturedbatch") == 0


def test_a_round_in_which_nothing_was_sent_writes_nothing(written: Callable[[], list[Counted]]) -> None:
    writing.flush()
    before = fetch_all("SELECT count(*) FROM profiling_capturedbatch")
    writing._of_process().tally.taken()
    writing.flush()
    assert fetch_all("SELECT count(*) FROM profiling_capturedbatch") == before


def test_the_sums_of_eight_threads_are_exact(written: Callable[[], list[Counted]]) -> None:
    def run() -> None:
        for number in range(300):
            fetch_all("SELECT n FROM generate_series(1, %s) AS n", [number % 3])
            if number % 100 == 0:
                writing.flush()

    with Threads(8) as threads:
        for _ in range(8):
            threads.start(run)
    writing.flush()
    roll_up()
    statement = CapturedStatement.objects.get(shape__contains="generate_series")
    day = statement.days.get()
    assert (day.calls, day.rows) == (2_400, 2_400)


def _away(monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "/nowhere")
        for _ in range(rounds):
            execute("SELECT 1 AS kept")
            with pytest.raises(psycopg2.OperationalError):
                writing.flush()
    writing.flush()


def test_while_the_database_is_away_counts_are_kept_and_written_later(
    written: Callable[[], list[Counted]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _away(monkeypatch, 3)
    assert calls(written(), "kept") == 3


def test_while_the_database_is_away_for_long_memory_stays_bounded_and_the_log_says_what_is_lost(
    written: Callable[[], list[Counted]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _away(monkeypatch, 20)
    assert 1 <= calls(written(), "kept") <= 9
    assert "given up" in caplog.text


def test_batches_that_nobody_takes_in_are_bounded(
    written: Callable[[], list[Counted]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writing, "_MOST_BATCHES", 5)
    for _ in range(9):
        execute("SELECT 1 AS waiting")
        writing.flush()
    assert CapturedBatch.objects.count() == 5
    assert "a batch is given up" in caplog.text


def test_whatever_is_asked_for_is_called_in_each_round_with_a_cursor_that_commits(
    written: Callable[[], list[Counted]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_in_each_round", [])
    writing.each_round(lambda cursor: cursor.execute("CREATE TEMPORARY TABLE of_a_round (id int)"))
    writing.each_round(lambda cursor: cursor.execute("INSERT INTO of_a_round VALUES (1)"))
    execute("SELECT 1 AS sent")
    writing.flush()
    assert calls(written(), "of_a_round") == 0


# --- Processes of their own ---

AT_THE_END = {"CAPTURE_EVERY_SECONDS": "3600"}


def process(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A process of the engine that does what the script says, and ends."""
    preparing = (
        "import django; django.setup()\nfrom clinical_engine.common.database import execute, fetch_all\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", preparing + script],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "clinical_engine.settings",
            **AT_THE_END,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_what_is_left_at_the_end_of_a_process_is_written(written: Callable[[], list[Counted]]) -> None:
    process("execute('SELECT 1 AS of_its_end')")
    assert calls(written(), "of_its_end") == 1


def test_a_command_is_what_its_statements_are_for(written: Callable[[], list[Counted]]) -> None:
    sending = "from clinical_engine.common.database import execute; execute('SELECT 1 AS of_command')"
    command = [sys.executable, "manage.py", "shell", "-c", sending]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **AT_THE_END}, check=True, timeout=120)
    assert [each.origin for each in written() if "of_command" in each.shape] == ["command shell"]


def test_a_forked_process_counts_what_it_sends_itself_and_nothing_twice(
    written: Callable[[], list[Counted]],
) -> None:
    process("""
import os
from django.db import connection
from clinical_engine.profiling.capture import writing
from clinical_engine.profiling.capture.units import unit_of_work
execute('SELECT 1 AS of_parent')
with unit_of_work('job parent'):
    execute('SELECT 1 AS within_unit')
    connection.close()
    child = os.fork()
    if not child:
        for _ in range(3):
            execute('SELECT 1 AS of_child')
        connection.close()
if not child:
    writing.end()
    os._exit(0)
os.waitpid(child, 0)
execute('SELECT 1 AS of_parent')
""")
    found = written()
    assert (calls(found, "of_parent"), calls(found, "within_unit"), calls(found, "of_child")) == (2, 1, 3)


def test_with_capture_off_there_is_no_thread_and_nothing_is_noted(
    written: Callable[[], list[Counted]],
) -> None:
    done = process(
        """
import threading
from clinical_engine.profiling.capture import units
execute('SELECT 1 AS unseen')
print([thread.name for thread in threading.enumerate()], units.current())
""",
        CAPTURE_EVERY_SECONDS="0",
    )
    assert done.stdout.strip() == "['MainThread'] None"
    assert calls(written(), "unseen") == 0


def test_a_database_that_does_not_answer_keeps_no_process_from_ending(
    written: Callable[[], list[Counted]],
) -> None:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        done = process(
            f"""
import time
from django.db import connection
execute('SELECT 1 AS lost')
connection.settings_dict.update(HOST='127.0.0.1', PORT={listener.getsockname()[1]})
print(time.monotonic())
"""
        )
        ended = monotonic()
    assert ended - float(done.stdout) < 10
    assert calls(written(), "lost") == 0


def test_a_process_leaves_no_connection_open(written: Callable[[], list[Counted]]) -> None:
    process("execute('SELECT 1 AS sent')", CAPTURE_EVERY_SECONDS="0.05")
    wait_until(nobody_is_connected)
    assert calls(written(), "sent") == 1
