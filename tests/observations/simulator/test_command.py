"""`manage.py simulate_vitals`: whatever keeps a run from beginning is said before anything is made, which nobody could delete."""

import io
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinical_engine.running.environment import ROOT
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from submitters.models import ApiClient, Organisation, Submitter
from tests.ports import free_port

pytestmark = pytest.mark.usefixtures("committed_db")


def refused(*arguments: str) -> str:
    """The sentence with which it does not begin; nothing was made."""
    install_library(scripts=[GLUCOSE_7D])
    with pytest.raises(CommandError) as error:
        call_command("simulate_vitals", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    for model in (Organisation, Submitter, ApiClient):
        assert not model.objects.exists()
    return str(error.value)


def test_without_an_engine_nothing_is_made() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert refused(f"--url={url}").startswith(f"No engine answers at {url}")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port", ""])
def test_what_is_no_address_is_told_as_that(url: str) -> None:
    assert refused(f"--url={url}") == "--url: must be an address such as http://127.0.0.1:8000."


NUMBERS = ["--rate=0", "--patients=0", "--duration=-1", "--rate=nan", "--duration=inf", "--settle-seconds=0"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_make_no_run_are_refused_before_anything_is_made(number: str) -> None:
    assert refused(number) == "Rates, times and the number of patients must be above zero."


def test_a_summary_that_cannot_be_written_is_told_before_anything_is_made(tmp_path: Path) -> None:
    told = refused(f"--json={tmp_path / 'nowhere' / 'summary.json'}")
    assert "cannot be written: No such file or directory" in told


class _NoEngine(BaseHTTPRequestHandler):
    """Answers, but not as an engine does."""

    def do_POST(self) -> None:
        self.send_error(404)

    def log_message(self, *arguments: object) -> None:
        del arguments


def test_what_answers_but_is_no_engine_is_told_before_anything_is_made() -> None:
    with HTTPServer(("127.0.0.1", 0), _NoEngine) as server:
        answering = threading.Thread(target=server.serve_forever)
        answering.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            assert refused(f"--url={url}") == f"What answers at {url} is no engine: status 404."
        finally:
            server.shutdown()
            answering.join()


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"PORT": "8765"}, "http://127.0.0.1:8765"),
        ({"PORT": ""}, "http://127.0.0.1:8000"),
    ],
)
def test_the_address_is_that_of_the_engine_that_runs_here(variables: dict[str, str], address: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "simulate_vitals", "--help"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"(default: {address})" in " ".join(done.stdout.split())
