"""What the environment says, and what is refused of it at the start."""

import os
import subprocess
import sys
from datetime import timedelta

import environ
import pytest

from clinical_engine.common.environment import Env

NAME = "CAPTURE_EVERY_SECONDS"


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("2.5", 2.5), ("1e1", 10), ("86400", 86_400)])
def test_a_stretch_of_time_is_read_from_its_seconds(
    monkeypatch: pytest.MonkeyPatch, text: str, seconds: float
) -> None:
    monkeypatch.setenv(NAME, text)
    assert Env().seconds(NAME, default=15) == timedelta(seconds=seconds)


def test_a_stretch_of_time_that_is_not_said_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert Env().seconds(NAME, default=15) == timedelta(seconds=15)


@pytest.mark.parametrize("text", ["abc", "", "-1", "nan", "inf", "86401", "1e9", "15 seconds", "1,5"])
def test_what_is_no_stretch_of_time_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(environ.ImproperlyConfigured, match=f"^{NAME} "):
        Env().seconds(NAME, default=15)


def test_a_stretch_of_time_that_is_too_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_INTERVAL_SECONDS", "0.5")
    with pytest.raises(
        environ.ImproperlyConfigured, match=r"^SWEEP_INTERVAL_SECONDS must be .* from 1 to 86,400\.$"
    ):
        Env().seconds("SWEEP_INTERVAL_SECONDS", default=5, least=1)


@pytest.mark.parametrize(("text", "share"), [("0", 0), ("0.01", 0.01), ("1", 1)])
def test_a_share_is_read_as_a_part_of_a_whole(
    monkeypatch: pytest.MonkeyPatch, text: str, share: float
) -> None:
    monkeypatch.setenv("PROFILED_SHARE", text)
    assert Env().share("PROFILED_SHARE", default=0.5) == share


@pytest.mark.parametrize("text", ["abc", "", "-1", "nan", "7", "1/2", "0.05%"])
def test_what_is_no_share_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("PROFILED_SHARE", text)
    with pytest.raises(environ.ImproperlyConfigured, match=r"^PROFILED_SHARE "):
        Env().share("PROFILED_SHARE", default=0.5)


@pytest.mark.parametrize(("text", "milliseconds"), [("1", 1), ("2147483647", 2**31 - 1)])
def test_a_limit_is_what_postgresql_takes_for_one(
    monkeypatch: pytest.MonkeyPatch, text: str, milliseconds: int
) -> None:
    monkeypatch.setenv("WEB_LOCK_TIMEOUT_MS", text)
    assert Env().milliseconds("WEB_LOCK_TIMEOUT_MS", default=5) == milliseconds


@pytest.mark.parametrize("text", ["0", "-5", "2147483648", "99999999999"])
def test_a_limit_that_postgresql_would_refuse_or_take_for_none_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("WEB_LOCK_TIMEOUT_MS", text)
    with pytest.raises(environ.ImproperlyConfigured) as refused:
        Env().milliseconds("WEB_LOCK_TIMEOUT_MS", default=5)
    expected = "WEB_LOCK_TIMEOUT_MS must be a whole number of milliseconds from 1 to 2,147,483,647."
    assert str(refused.value) == expected


def test_an_error_does_not_repeat_what_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_STATEMENT_TIMEOUT_MS", "hunter2")
    with pytest.raises(environ.ImproperlyConfigured) as refused:
        Env().int("WEB_STATEMENT_TIMEOUT_MS")
    assert str(refused.value) == "WEB_STATEMENT_TIMEOUT_MS cannot be read: it must be of the type int."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (NAME, "abc"),
        (NAME, "-1"),
        ("PROFILED_SHARE", "7"),
        ("PROFILED_SHARE", "-1"),
        ("ROSTER_GUARD_SHARE", "5"),
        (NAME, "1e9"),
        ("WORKER_STATEMENT_TIMEOUT_MS", "-5"),
        ("WORKER_STATEMENT_TIMEOUT_MS", "0"),
        ("WEB_STATEMENT_TIMEOUT_MS", "99999999999"),
        ("WORKER_LOCK_TIMEOUT_MS", "0"),
        ("WORKER_LOCK_TIMEOUT_MS", "5s"),
    ],
)
def test_the_engine_does_not_start_with_a_setting_out_of_its_range(name: str, text: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, name: text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith(f"django.core.exceptions.ImproperlyConfigured: {name} ")
    )
