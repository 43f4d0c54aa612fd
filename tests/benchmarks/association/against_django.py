"""The same by Django's own many-to-many field: time, memory and the largest statement, from ten thousand to a million patients."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from tqdm import tqdm

from tests.benchmarks.association import page, plot, populations, sizes
from tests.benchmarks.ledger.backlogs import settle
from tests.benchmarks.ledger.databases import as_owner, checkpoint, environment_of
from tests.benchmarks.results import Metric, measured

DATABASE = "benchmark_against_django"
_SECONDS = 300
_DOCS = Path(__file__).resolve().parents[3] / "docs"
# By the names of ways.py.
NAMES = {
    "add": "Django's add",
    "add_heard": "Django's add with a receiver",
    "set": "Django's set, 1 % changed",
    "filter": "Django's filter(id__in)",
    "roster": "roster, none linked",
    "roster_again": "roster, 1 % changed",
    "dry_run": "roster, dry run",
}
_DJANGOS = ("add", "add_heard", "set", "filter")


@dataclass(frozen=True)
class Outcome:
    """What one way cost with so many patients, or the reason why it did not end."""

    way: str
    patients: int
    seconds: float = 0.0
    megabytes: float = 0.0
    parameters: int = 0
    values: int = 0
    statement_bytes: int = 0
    failure: str = ""


def run() -> list[Metric]:
    """Django's own many-to-many field beside a roster, each in a process of its own that may use 4 GB and 300 seconds: seconds, MB
    by which the client grew, and the most parameters and values (those in lists counted) of one statement. Django's ways have a
    table of their own with nothing but Django's keys and constraints, the ids at hand, and no limit on the server; the roster is
    read from NDJSON, compared and applied, with statements, jobs and all constraints, as the app's role. The table for all sizes
    and the plot are in docs/performance.md.
    """
    largest = max(sizes.COMPARED)
    populations.build(DATABASE, linked=0, unlinked=largest + largest // 100)
    _prepare(largest + largest // 100)
    turns = [(number, way) for number in sizes.COMPARED for way in NAMES]
    outcomes = [_measure(way, number) for number, way in tqdm(turns, desc="against Django", mininterval=1)]
    plot.draw(_DOCS / "performance" / "against-django.svg", outcomes, NAMES)
    page.write(_DOCS, outcomes, NAMES)
    return [
        metric
        for outcome in outcomes
        if outcome.patients == largest and not outcome.failure
        for metric in _metrics(outcome)
    ]


def _metrics(outcome: Outcome) -> list[Metric]:
    what = f"1,000,000 patients, {NAMES[outcome.way]}"
    return [
        measured(f"{what}: time", outcome.seconds),
        measured(f"{what}: growth of the client", outcome.megabytes),
        measured(f"{what}: most parameters of a statement", outcome.parameters),
        measured(f"{what}: most values of a statement", outcome.values),
    ]


def _prepare(number: int) -> None:
    """Django's own tables, with as many people as there are patients."""
    _run_way("prepare", 0).check_returncode()
    with as_owner(DATABASE) as owner, owner.cursor() as cursor:
        cursor.execute("INSERT INTO django_own_person SELECT id FROM patients_patient ORDER BY id")
        cursor.execute("INSERT INTO django_own_programme SELECT id FROM submitters_submitter")
        settle(owner, "django_own_person")


def _measure(way: str, number: int) -> Outcome:
    _reset(number if way == "set" else 0)
    try:
        done = _run_way(way, number)
    except subprocess.TimeoutExpired:
        return Outcome(way, number, failure=f"more than {_SECONDS} s")
    if done.returncode != 0:
        if way not in _DJANGOS:
            raise RuntimeError(f"{NAMES[way]} failed:\n{done.stderr}")
        return Outcome(way, number, failure=_reason(done))
    return Outcome(way, number, **json.loads(done.stdout))


def _reset(links: int) -> None:
    """Nobody is linked, but for so many by Django's own table."""
    with as_owner(DATABASE) as owner, owner.cursor() as cursor:
        cursor.execute(
            "TRUNCATE django_own_link, patients_statement, patients_association, patients_roster, patients_rosterline,"
            " patients_rosterchange, jobs_job CASCADE"
        )
        cursor.execute(
            "INSERT INTO django_own_link (programme_id, person_id) SELECT programme.id, person.id"
            " FROM django_own_programme programme, (SELECT id FROM django_own_person ORDER BY id LIMIT %s) person",
            [links],
        )
        settle(owner, "django_own_link", *populations.TABLES)
    checkpoint()


def _run_way(way: str, number: int) -> "subprocess.CompletedProcess[str]":
    environment = dict(environment_of(DATABASE))
    if way in {*_DJANGOS, "prepare"}:
        # The owner may make tables, and its statements may take long.
        hour = "3600000"
        environment |= {
            "DATABASE_URL": environment["DATABASE_OWNER_URL"],
            "WORKER_STATEMENT_TIMEOUT_MS": hour,
        }
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.association.ways", way, str(number)],
        env={
            **os.environ,
            **environment,
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.association.django_own.settings",
        },
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    lines: Sequence[str] = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    # The class alone: the text of a driver's error repeats the statement, a million ids long.
    return lines[-1].split(":")[0][:100]
