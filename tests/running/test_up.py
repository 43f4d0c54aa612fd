"""The whole engine as `make run` starts it: real servers, real processes, another folder and port."""

import http.client
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from clinical_engine.running.environment import ROOT, read_variables
from clinical_engine.running.processes import wait_until
from tests.ports import free_port
from tests.running.support import Launched, launch, outcome, processes_about, processes_with

SECONDS_TO_START = 240
# Some start it twice.
pytestmark = pytest.mark.timeout(900)


@dataclass
class Engine:
    process: Launched
    var: Path
    port: int
    said: Path

    def output(self) -> str:
        return self.said.read_text()


def start(folder: Path) -> Engine:
    """Start the engine and wait until it has said that it is ready."""
    var, port, said = folder / "var", free_port(), folder / "output"
    with said.open("w") as output:
        process = launch("up", output=output, VAR_DIR=str(var), PORT=str(port), SWEEP_INTERVAL_SECONDS="1")
    engine = Engine(process, var, port, said)
    done = wait_until(
        lambda: "The engine is ready" in engine.output() or process.poll() is not None,
        seconds=SECONDS_TO_START,
    )
    if process.poll() is None and not done:
        # A test that fails must not leave an engine to those after it.
        process.terminate()
        process.wait()
    assert process.poll() is None, engine.output()
    return engine


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = start(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.process.terminate()
    assert engine.process.wait(timeout=60) == 0
    assert processes_about(engine.var) == []


def test_every_address_that_is_printed_answers(running: Engine) -> None:
    addresses = re.findall(rf"http://127\.0\.0\.1:{running.port}(/\S*)", running.output())
    pages = {"/admin/", "/admin/profiling/capturedstatement/", "/api/v1/docs/", "/silk/"}
    assert pages | {"/health/ready", "/metrics"} < set(addresses)
    for address in addresses:
        with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)) as connection:
            connection.request("GET", address)
            # A page that asks for a login sends us there; the address of the example takes only a POST.
            assert connection.getresponse().status in {200, 302, 401, 405}


def test_the_printed_example_works_as_pasted(running: Engine) -> None:
    command = running.output().split("as the vitals app sends it:")[1].split("\n\n")[1]
    words = shlex.split(command)
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)) as connection:
        connection.request("POST", "/api/v1/activations", body=words[words.index("-d") + 1], headers=headers)
        assert connection.getresponse().status == 202


def test_the_demo_accounts_are_printed_and_their_file_is_ours_alone(running: Engine) -> None:
    credentials = running.var / "demo-credentials.json"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    for account in json.loads(credentials.read_text())["accounts"]:
        assert account["password"] in running.output()


def test_the_environment_is_kept_for_other_shells_and_is_ours_alone(running: Engine) -> None:
    path = running.var / "environment"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # By it the commands that speak to the engine know where it is.
    assert read_variables(path)["PORT"] == str(running.port)
    environment = {**os.environ, **read_variables(path)}
    command = [sys.executable, "manage.py", "migrate", "--check"]
    assert (
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0
    )


def test_a_second_start_says_where_the_first_one_is(running: Engine) -> None:
    code, output = outcome(launch("up", VAR_DIR=str(running.var), PORT=str(free_port())))
    assert code == 1
    assert output.startswith("Cannot run: Already running")
    assert f"http://127.0.0.1:{running.port}/" in output
    assert len(output.splitlines()) == 1


def test_a_taken_port_is_one_sentence_and_nothing_is_started(running: Engine, tmp_path: Path) -> None:
    code, output = outcome(launch("up", VAR_DIR=str(tmp_path / "var"), PORT=str(running.port)))
    assert (code, len(output.splitlines())) == (1, 1)
    assert f"Port {running.port} is taken" in output
    assert not (tmp_path / "var" / "postgres").exists()


def test_ctrl_c_stops_everything_and_the_data_stays(tmp_path: Path) -> None:
    engine = start(tmp_path)
    secret = read_variables(engine.var / "environment")["SECRET_KEY"]
    # A terminal sends it to every process of the group.
    os.killpg(engine.process.pid, signal.SIGINT)
    assert engine.process.wait(timeout=60) == 0
    assert "Traceback" not in engine.output()
    assert processes_about(engine.var) == []
    assert (engine.var / "postgres" / "PG_VERSION").exists()
    assert read_variables(engine.var / "environment")["SECRET_KEY"] == secret


def test_nothing_outlives_a_launcher_that_is_killed_and_the_next_one_starts(tmp_path: Path) -> None:
    first = start(tmp_path)
    first.process.kill()
    first.process.wait()
    assert wait_until(lambda: processes_about(first.var) == [], seconds=60)
    assert wait_until(lambda: processes_with(VAR_DIR=str(first.var)) == [], seconds=60)
    second = start(tmp_path)
    second.process.terminate()
    assert second.process.wait(timeout=60) == 0


def test_a_database_that_dies_is_named_and_everything_is_stopped(tmp_path: Path) -> None:
    engine = start(tmp_path)
    os.kill(int((engine.var / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert engine.process.wait(timeout=60) == 1
    assert "Cannot run: the embedded postgres ended by itself" in engine.output()
    assert processes_about(engine.var) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_starts_stops_it(number: signal.Signals, tmp_path: Path) -> None:
    process = launch("up", VAR_DIR=str(tmp_path / "var"), PORT=str(free_port()))
    assert wait_until((tmp_path / "var" / "postgres" / "postmaster.pid").exists, seconds=60)
    process.send_signal(number)
    code, output = outcome(process)
    assert code == 128 + number
    assert "Traceback" not in output
    assert processes_about(tmp_path) == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "web"}, "PORT must be a number"),
        (
            {"DATABASE_URL": "postgres://engine:hidden-word@127.0.0.1:1/engine"},
            "The database that DATABASE_URL names",
        ),
        ({"REDIS_URL": "redis://:hidden-word@127.0.0.1:1/0"}, "The Redis that REDIS_URL names"),
        ({"VAR_DIR": "/dev/null"}, "The folder /dev/null cannot be used"),
    ],
)
def test_what_cannot_work_is_one_sentence(variables: dict[str, str], sentence: str, tmp_path: Path) -> None:
    variables = {"VAR_DIR": str(tmp_path / "var"), "PORT": str(free_port()), **variables}
    process = launch("up", output=None, **variables)
    code, output = outcome(process)
    assert code == 1
    assert output.splitlines()[-1].startswith(f"Cannot run: {sentence}")
    assert "Traceback" not in output
    assert "hidden-word" not in output
    assert processes_about(tmp_path) == []
