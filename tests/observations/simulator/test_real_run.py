"""The simulator against a real engine: web and workers in processes of their own, whole and broken."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from observations.simulator import Options, Target, simulate
from submitters.models import ApiClient
from tests import factories
from tests.ports import free_port
from tests.running.support import rows
from tests.workers import running_web, running_web_at, running_worker

pytestmark = pytest.mark.usefixtures("committed_db")
SHORT = {"rate": 8.0, "duration": 2.0, "measurements_rate": 80.0, "patients": 14}


def short(url: str, settle_seconds: float = 30, **fields: float) -> Options:
    caller = factories.caller()
    target = Target(url, caller.key, str(caller.organisation.id), str(caller.submitter.id))
    return Options(target=target, settle_seconds=settle_seconds, **{**SHORT, **fields})  # type: ignore[arg-type]


def test_on_a_whole_engine_nothing_is_missing_and_nothing_differs(tmp_path: Path) -> None:
    install_library(scripts=[GLUCOSE_7D])
    with running_web(tmp_path / "web.log") as url, running_worker(tmp_path / "worker.log"):
        output = io.StringIO()
        arguments = ["--rate=10", "--duration=4", f"--url={url}", f"--json={tmp_path / 'summary.json'}"]
        call_command("simulate_vitals", *arguments, stdout=output, stderr=io.StringIO())
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["as_expected"], output.getvalue()
    assert summary["right"] == summary["linked"] == summary["patients"] == 36
    assert sum(summary["readings"].values()) == 400
    assert {"held", "duplicate", "conflict", "refused"} <= set(summary["readings"])
    assert summary["compared_observations"] > 100
    assert summary["until_linked"]["p50"] > 0
    assert "Nothing is missing, nothing differs." in output.getvalue()
    [client] = ApiClient.objects.filter(name__startswith="Simulated vitals app")
    assert client.revoked_at is not None


def test_without_workers_everything_that_is_missing_is_reported(tmp_path: Path) -> None:
    install_library(scripts=[GLUCOSE_7D])
    with running_web(tmp_path / "web.log") as url:
        output = io.StringIO()
        arguments = ["--rate=5", "--duration=1", "--settle-seconds=1", f"--url={url}"]
        with pytest.raises(SystemExit) as ended:
            call_command("simulate_vitals", *arguments, stdout=output, stderr=io.StringIO())
    assert ended.value.code == 1
    assert "NOT as expected: 4 of 4 patients, and 0 answers" in output.getvalue()
    assert "No links at all: do the workers run" in output.getvalue()


def test_an_engine_that_goes_away_in_the_middle_is_told_as_that_and_not_waited_for_by_each_patient(
    tmp_path: Path,
) -> None:
    install_library(scripts=[GLUCOSE_7D])
    port = free_port()
    with (
        running_web_at(port, tmp_path / "web.log") as web,
        running_worker(tmp_path / "worker.log"),
    ):

        def end_it(line: Callable[[], str]) -> None:
            if "reading back" in line() and web.process.poll() is None:
                web.finish()

        summary = simulate(short(f"http://127.0.0.1:{port}", settle_seconds=3), show=end_it)
    assert not summary.is_as_expected
    assert summary.silence == "ConnectionRefusedError"
    assert summary.compared == 14
    text = summary.text()
    assert "The engine does not answer (ConnectionRefusedError): does its web run?" in text
    assert "No links at all" not in text
    # Four at a time, each for three seconds, would be over ten.
    assert summary.total_seconds - summary.sending_seconds < 9, text


DAMAGES = [
    ("observations_observation", "RETURN NULL", "the observation"),
    ("observations_observation", "NEW.value := jsonb_set(NEW.value, '{mean}', '1')", "its mean"),
    (
        "observations_observation",
        "NEW.derived_from := NEW.derived_from || NEW.id",
        "what it was computed from",
    ),
    (
        "observations_measurement",
        "NEW.is_implausible := NOT NEW.is_implausible",
        "whether it is implausible",
    ),
    ("patients_association", "NEW.associated_at := NEW.associated_at - interval '1 s'", "its links"),
]


@contextmanager
def damaged() -> Iterator[None]:
    """An engine whose database spoils what is written of some patients, of each in another way."""
    owner = os.environ["DATABASE_OWNER_URL"]
    for number, (table, damage, _) in enumerate(DAMAGES):
        rows(
            owner,
            f"""
            CREATE FUNCTION spoil_{number}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT external_id FROM patients_patient WHERE id = NEW.patient_id) LIKE '%-0000{number}' THEN {damage}; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER spoil_{number} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION spoil_{number}();
            """,
        )
    try:
        yield
    finally:
        for number in range(len(DAMAGES)):
            rows(owner, f"DROP FUNCTION spoil_{number} CASCADE")


def test_the_patients_that_went_wrong_are_found_with_what_is_wrong(tmp_path: Path) -> None:
    install_library(scripts=[GLUCOSE_7D])
    with (
        damaged(),
        running_web(tmp_path / "web.log") as url,
        running_worker(tmp_path / "worker.log"),
    ):
        summary = simulate(short(url, settle_seconds=20))
    assert not summary.is_as_expected
    assert summary.right == summary.patients - len(DAMAGES), summary.text()
    for number, (_, _, what) in enumerate(DAMAGES):
        found = {one.what for one in summary.differences if f"-0000{number}" in one.about}
        assert found == {what}, summary.text()


def test_without_the_script_the_missing_observations_are_reported(tmp_path: Path) -> None:
    with running_web(tmp_path / "web.log") as url, running_worker(tmp_path / "worker.log"):
        summary = simulate(short(url, settle_seconds=20))
    assert summary.linked == summary.patients
    assert {difference.what for difference in summary.differences} == {"the observation"}
    assert "is the script glucose-7d installed" in summary.text()


@pytest.mark.parametrize("stage", ["of 2 s", "reading back"])
def test_an_interrupted_run_tells_what_was_done(tmp_path: Path, stage: str) -> None:
    install_library(scripts=[GLUCOSE_7D])

    def interrupt(line: Callable[[], str]) -> None:
        if stage in (text := line()) and " 0 answered" not in text:
            raise KeyboardInterrupt

    with running_web(tmp_path / "web.log") as url, running_worker(tmp_path / "worker.log"):
        summary = simulate(short(url), show=interrupt)
    assert summary.interrupted
    assert not summary.is_as_expected
    assert summary.requests > 0
    assert f"Interrupted: {summary.compared} of 14 patients were compared." in summary.text()


def test_the_command_says_when_the_script_is_not_installed() -> None:
    with pytest.raises(CommandError, match="load_scripts"):
        call_command("simulate_vitals", stdout=io.StringIO())
    assert not ApiClient.objects.filter(revoked_at=None).exists()


def test_the_command_takes_a_key_from_the_environment_and_asks_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIMULATOR_KEY", "ce_made_up")
    with pytest.raises(CommandError, match="--organisation and --submitter"):
        call_command("simulate_vitals")


def test_the_command_makes_no_client_in_production(settings: object) -> None:
    settings.DEVELOPMENT = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="no development engine"):
        call_command("simulate_vitals")
