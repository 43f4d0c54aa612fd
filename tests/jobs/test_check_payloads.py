"""The release gate: what a release could not read is told before it is deployed, or rolled back to."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.jobs.payloads.progress import with_progress
from clinical_engine.jobs.payloads.stored import read_only_ledger
from clinical_engine.running.environment import ROOT
from tests.jobs.stored import revise, store
from tests.jobs.support import RegisterKind, succeed
from tests.ports import free_port

pytestmark = pytest.mark.usefixtures("committed_db")


@dataclass(frozen=True)
class Told:
    """What the command wrote, and the status it ended with."""

    status: int
    text: str


def check(*arguments: str) -> Told:
    output, status = io.StringIO(), 0
    try:
        call_command("check_payloads", *arguments, stdout=output, stderr=io.StringIO())
    except SystemExit as ended:
        status = int(str(ended.code))
    return Told(status, output.getvalue())


def refused() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(check("--json").text)["refused"]
    return found


def counts() -> dict[tuple[str, int, str], int]:
    return {(group["kind"], group["version"], group["reason"]): group["count"] for group in refused()}


def run(**environment: str) -> "subprocess.CompletedProcess[str]":
    """The command as a deployment runs it."""
    return subprocess.run(
        [sys.executable, "manage.py", "check_payloads"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def as_owner(statement: str) -> None:
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner,
        owner,
        owner.cursor() as cursor,
    ):
        cursor.execute(statement)


@contextmanager
def without(*columns: str) -> Iterator[None]:
    """The ledger as it was before these columns were added."""
    with ExitStack() as restoring:
        for column in columns:
            as_owner(f"ALTER TABLE jobs_job RENAME {column} TO {column}_later")
            restoring.callback(as_owner, f"ALTER TABLE jobs_job RENAME {column}_later TO {column}")
        yield


@contextmanager
def without_ledger() -> Iterator[None]:
    as_owner("ALTER TABLE jobs_job RENAME TO jobs_job_later")
    try:
        yield
    finally:
        as_owner("ALTER TABLE jobs_job_later RENAME TO jobs_job")


def test_a_release_that_reads_everything_may_be_deployed(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    for state in ("available", "running", "retryable", "dead"):
        store(kind.name, '{"number": 1}', state=state)
    assert check() == Told(0, "Release development can read all 4 payloads.\n")


def test_what_cannot_be_read_is_grouped_by_kind_version_and_reason(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed, version=2, upcasters={1: lambda old: {"number": old["n"]}})
    store(kind.name, '{"n": 1}', '{"m": 1}', '{"m": 2}', '{"n": "x"}', version=1)
    store(kind.name, '{"number": 1}', "[1]", version=2)
    store(kind.name, '{"numbers": []}', version=3)
    store("forgotten", "{}", "{}", "{}", "{}", "{}")
    told = check()
    assert told.status == 1
    assert counts() == {
        ("forgotten", 1, "unknown kind"): 5,
        (kind.name, 1, "cannot be brought to the newest format"): 2,
        (kind.name, 1, "does not fit the schema"): 1,
        (kind.name, 2, "does not fit the schema"): 1,
        (kind.name, 3, "newer format than this release reads"): 1,
    }
    assert "forgotten, format 1: unknown kind: 5 (jobs " in told.text
    assert (
        told.text.splitlines()[-1] == "Release development cannot read 10 of 12 payloads: do not deploy it."
    )


def test_up_to_three_jobs_of_each_group_are_named(new_kind: RegisterKind) -> None:
    ids = store("forgotten", *["{}"] * 5)
    [group] = refused()
    assert group["jobs"] == [str(job_id) for job_id in ids[:3]]
    assert "..." in check().text


@pytest.mark.parametrize("state", ["available", "running", "retryable", "dead"])
def test_every_job_that_may_run_again_is_read(state: str) -> None:
    store("forgotten", "{}", state=state)
    assert check().status == 1


@pytest.mark.parametrize("state", ["succeeded", "cancelled"])
def test_what_ended_for_good_is_not_read(state: str) -> None:
    store("forgotten", "{}", state=state)
    assert check().text == "Release development can read all 0 payloads.\n"


def test_an_invalid_payload_waits_for_a_person_and_not_for_a_release() -> None:
    store("forgotten", "{}", "{}", state="invalid_payload")
    told = check()
    assert told.status == 0
    assert "2 more have an invalid payload and wait for a person" in told.text
    assert json.loads(check("--json").text)["waiting_for_a_person"] == 2


def test_the_last_revision_is_what_must_be_readable(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    mended, broken = store(kind.name, '{"number": "x"}', '{"number": 1}', state="dead")
    revise(mended, '{"number": 1}', 1)
    revise(broken, '{"number": 1}', 7)
    [group] = refused()
    assert (group["version"], group["jobs"]) == (7, [str(broken)])


def test_no_value_of_a_payload_is_written(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    store(kind.name, '{"number": "a-secret"}', '{"another-secret": 1}')
    assert "secret" not in check().text + check("--json").text


def test_reading_is_read_only() -> None:
    with (
        pytest.raises(Exception, match="read-only transaction"),
        read_only_ledger(),
    ):
        execute("DELETE FROM jobs_job")


def test_a_statement_limit_of_the_server_does_not_end_it(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    store(kind.name, '{"number": 1}')
    with read_only_ledger() as ledger:
        assert fetch_all("SHOW statement_timeout") == [("0",)]
        assert ledger.count() == 1
    assert fetch_all("SHOW statement_timeout") == [("30s",)]


def test_it_runs_before_the_migrations_that_its_release_brings(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    store(kind.name, '{"number": 1}', '{"number": "x"}')
    with without("revised_payload", "revised_version", "last_actor_id", "dirty_from"):
        assert check().status == 1
        assert counts() == {(kind.name, 1, "does not fit the schema"): 1}


def test_a_database_without_a_ledger_is_said_to_be_one() -> None:
    with without_ledger(), pytest.raises(CommandError, match="no table of jobs") as refusal:
        check()
    assert refusal.value.returncode == 2


def test_a_ledger_that_cannot_be_read_is_no_verdict() -> None:
    with without("payload_version"), pytest.raises(CommandError, match="cannot be read") as refusal:
        check()
    assert refusal.value.returncode == 2


def test_a_database_that_does_not_answer_is_no_verdict_either() -> None:
    ended = run(DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/none")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "The database does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_deployment_learns_the_verdict_from_the_exit_status() -> None:
    assert run().returncode == 0
    store("forgotten", "{}")
    ended = run()
    assert ended.returncode == 1
    assert "do not deploy it" in ended.stdout


def test_where_nobody_watches_progress_is_plain_lines() -> None:
    output = io.StringIO()
    taken = list(with_progress(range(250_000), 250_000, output))
    assert len(taken) == 250_000
    assert output.getvalue().splitlines() == ["100,000 of 250,000 payloads", "200,000 of 250,000 payloads"]


def test_memory_does_not_grow_with_the_number_of_payloads() -> None:
    few = peak_memory(2_000)
    many = peak_memory(60_000)
    assert many - few < 4_096, "kilobytes"


def peak_memory(number: int) -> int:
    """Kilobytes that a process needs at most to check that many jobs."""
    execute("TRUNCATE jobs_job CASCADE")
    execute(
        """
        INSERT INTO jobs_job (id, kind, queue, payload, payload_version)
        SELECT gen_random_uuid(), 'forgotten', 'default', jsonb_build_object('ids', repeat('x', 500)), 1
        FROM generate_series(1, %s)
        """,
        [number],
    )
    script = (
        "import resource, sys, django; django.setup(); from django.core.management import call_command\n"
        "try: call_command('check_payloads')\n"
        "except SystemExit: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    )
    return int(ended.stderr.splitlines()[-1])
