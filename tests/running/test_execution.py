"""`running exec` gives a command fresh servers and takes them away again."""

import signal
import sys
from pathlib import Path

from clinical_engine.running.processes import wait_until
from tests.running.support import launch, outcome, processes_about


def test_the_command_finds_its_servers_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    connect = (
        "import os, psycopg2, redis; redis.Redis.from_url(os.environ['REDIS_URL']).ping();"
        "cursor = psycopg2.connect(os.environ['DATABASE_URL']).cursor(); cursor.execute('SELECT current_user');"
        "print(cursor.fetchone()); raise SystemExit(7)"
    )
    process = launch(
        "exec", "--no-migrate", "--home", str(tmp_path / "home"), "--", sys.executable, "-c", connect
    )
    code, output = outcome(process)
    assert (code, output.strip()) == (7, "('clinical_engine_app',)")
    assert processes_about(tmp_path) == []


def test_an_engines_own_folder_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "engine.lock").touch()
    code, output = outcome(launch("exec", "--no-migrate", "--home", str(tmp_path), "--", "true"))
    assert code == 1
    assert "is an engine's own: its data would be lost. Name another one." in output
    assert [path.name for path in tmp_path.iterdir()] == ["engine.lock"]


def test_a_signal_reaches_the_command_which_ends_in_its_own_way(tmp_path: Path) -> None:
    wait = "trap 'echo ended well; exit 5' TERM; touch $HERE/ready; while :; do sleep 0.05; done"
    process = launch(
        *("exec", "--no-migrate", "--home", str(tmp_path / "home"), "--", "bash", "-c", wait),
        HERE=str(tmp_path),
    )
    assert wait_until((tmp_path / "ready").exists, seconds=60)
    process.send_signal(signal.SIGTERM)
    assert outcome(process) == (5, "ended well\n")
    assert processes_about(tmp_path) == []


def test_a_killed_run_takes_command_and_servers_with_it(tmp_path: Path) -> None:
    wait = "touch $HERE/ready; while :; do sleep 0.05; done"
    process = launch(
        *("exec", "--no-migrate", "--home", str(tmp_path / "home"), "--", "bash", "-c", wait),
        HERE=str(tmp_path),
    )
    assert wait_until((tmp_path / "ready").exists, seconds=60)
    process.kill()
    process.communicate()
    assert wait_until(lambda: processes_about(tmp_path) == [], seconds=60)
