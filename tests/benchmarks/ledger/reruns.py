"""A bulk rerun of a hundred thousand dead jobs, among a million."""

import os
from contextlib import closing
from statistics import median
from time import perf_counter, sleep

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import services
from clinical_engine.jobs.reruns.limits import HIGHEST_RATE
from clinical_engine.jobs.states import RerunState
from clinical_engine.staff.cells import list_url
from tests.benchmarks.ledger import histories, sizes
from tests.benchmarks.ledger.browsing import browsing, milliseconds
from tests.benchmarks.ledger.databases import connect, environment_of
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.services import running_services

_TIMES = 3
_DEADLINE_SECONDS = 400
_BETWEEN_LOOKS_SECONDS = 0.5
_SELECTED = "FROM jobs_job WHERE fingerprint = %s AND state IN ('dead', 'invalid_payload')"


def run() -> list[Metric]:
    """Bulk rerun: seconds of the admin's dry run of 100,000 dead jobs among 1,000,000 (beside reading the same columns by
    psycopg2), and of starting it, which examines and freezes the selection (beside one INSERT ... SELECT of it), medians of
    three; then the rerun itself by real workers at its highest rate, their start included, and the slowest look at its page,
    or at the part of it that renews itself, while it runs.
    """
    histories.build()
    with (
        browsing(histories.DEAD) as client,
        closing(connect(os.environ["DATABASE_URL"], histories.DEAD)) as raw,
    ):
        dry_runs, read = zip(*((_dry_run(client), _read(raw)) for _ in range(_TIMES)), strict=True)
        starts, written = zip(*((_start(client), _write(raw)) for _ in range(_TIMES)), strict=True)
        slowest, seconds = _watch(client, Rerun.objects.latest("pk"))
    return [
        measured("bulk rerun of 100,000 jobs, dry run", median(dry_runs), median(read)),
        measured("bulk rerun of 100,000 jobs, selection frozen", median(starts), median(written)),
        measured("bulk rerun of 100,000 jobs, slowest look at its page", slowest),
        measured("bulk rerun of 100,000 jobs at 1,000 a second", seconds),
    ]


def _url() -> str:
    return list_url("admin:jobs_rerun_new", fingerprint=histories.RERUN_CAUSE)


def _dry_run(client: Client) -> float:
    return milliseconds(client, _url()) / 1000


def _start(client: Client) -> float:
    """Seconds of starting it, in place of the one before, which had no worker yet."""
    for rerun in Rerun.objects.exclude(state=RerunState.CANCELLED):
        services.cancel(actor=User.objects.get(), rerun_id=rerun.pk, reason="measured again")
    answers = {"reason": "a measurement", "rate": str(HIGHEST_RATE), "canary": "20", "failed_share": "10"}
    return milliseconds(client, _url(), answers) / 1000


def _read(raw: Connection) -> float:
    started = perf_counter()
    with raw.cursor() as cursor:
        cursor.execute(
            "SELECT kind, fingerprint, id::text, attempts_made, payload_version, payload::text, error, patient_id::text,"
            f" organisation_id::text {_SELECTED}",
            [histories.RERUN_CAUSE],
        )
        cursor.fetchall()
    return perf_counter() - started


def _write(raw: Connection) -> float:
    """Seconds of freezing the selection into a table with the same indexes, in one statement; it is gone afterwards."""
    with raw.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE frozen (LIKE jobs_rerunitem INCLUDING ALL)")
        started = perf_counter()
        cursor.execute(
            "INSERT INTO frozen (id, rerun_id, position, job_id, attempts_before)"
            f" SELECT row_number() OVER (), id, row_number() OVER (), id, attempts_made {_SELECTED}",
            [histories.RERUN_CAUSE],
        )
        took = perf_counter() - started
        cursor.execute("DROP TABLE frozen")
    return took


def _watch(client: Client, rerun: Rerun) -> tuple[float, float]:
    """Work the rerun off; milliseconds of the slowest look, seconds that it took. Raises RuntimeError unless all succeeded."""
    pages = [reverse(f"admin:jobs_rerun_{view}", args=[rerun.pk]) for view in ("change", "live")]
    for url in pages:
        # What a process does once, such as compiling templates, is not what is asked about.
        client.get(url)
    environment = {**environment_of(histories.DEAD), "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
    slowest = 0.0
    begun = perf_counter()
    with (
        running_services({"worker", "reruns", "scheduler"}, environment=environment, log="reruns.log"),
        tqdm(total=rerun.total, desc="bulk rerun", mininterval=1) as progress,
    ):
        while (
            rerun.state in {RerunState.CANARY, RerunState.RUNNING}
            and perf_counter() < begun + _DEADLINE_SECONDS
        ):
            slowest = max(slowest, *(milliseconds(client, url) for url in pages))
            sleep(_BETWEEN_LOOKS_SECONDS)
            rerun.refresh_from_db()
            progress.update(rerun.succeeded - progress.n)
    if rerun.finished_at is None or rerun.succeeded != sizes.DEAD // 10:
        raise RuntimeError(
            f"The rerun is {rerun.state}: {rerun.succeeded} succeeded, {rerun.failed} failed again."
        )
    return slowest, (rerun.finished_at - rerun.resumed_at).total_seconds()
