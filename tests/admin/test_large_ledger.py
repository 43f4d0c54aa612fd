"""The desk and the list of jobs with hundreds of thousands of failed jobs: few statements, and fast."""

import os
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinical_engine.jobs import groups
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.test_desk import DESK, MOST_QUERIES
from tests.processor import processor_seconds, slowness, yardstick

JOBS = "admin:jobs_job_changelist"
FAILED = 200_000
SECONDS = 0.5
# Every twenty-thousandth job has the rare value of each column. Ids rise with time, as UUIDv7 do.
FILL = """
    INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, organisation_id, submitter_id, patient_id,
                          attempts_made, claimed_release, error, fingerprint, last_actor_id, created_at, finished_at)
    SELECT ('01890000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           CASE WHEN rare THEN 'former' ELSE 'associate' END, CASE WHEN rare THEN 'sweeps' ELSE 'reruns' END,
           CASE WHEN n %% 9 = 0 THEN 'invalid_payload' ELSE 'dead' END, '{}', CASE WHEN rare THEN 2 ELSE 1 END,
           CASE WHEN rare THEN %(owner)s::uuid ELSE md5((n %% 300)::text)::uuid END,
           CASE WHEN rare THEN %(owner)s::uuid ELSE md5((n %% 2000)::text)::uuid END, md5((n %% 50000)::text)::uuid, 4,
           CASE WHEN rare THEN 'r0' ELSE 'r1' END, 'IntegrityError 23505',
           CASE WHEN rare THEN 'feedfeedfeedfeed' ELSE left(md5((n %% 20)::text), 16) END,
           CASE WHEN rare THEN %(actor)s::int END, ended, ended
    FROM generate_series(1, %(failed)s) AS n,
         LATERAL (SELECT n %% 20000 = 0 AS rare,
                         clock_timestamp() - (%(failed)s - n) * interval '30 seconds' - interval '2 hours' AS ended) AS made
"""


@dataclass(frozen=True)
class Ledger:
    """Clinical support, in front of a ledger full of failures; each of `rare` is the value of a few of them."""

    support: Client
    rare: dict[str, str]


@pytest.fixture
def ledger(committed_db: None) -> Ledger:
    """The planner has its statistics."""
    owner, actor = factories.organisation(), factories.user()
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as database,
        database,
        database.cursor() as cursor,
    ):
        cursor.execute(FILL, {"failed": FAILED, "actor": actor.pk, "owner": str(owner.pk)})
        cursor.execute("ANALYZE jobs_job")
    rare = {
        "kind": "former",
        "queue": "sweeps",
        "fingerprint": "feedfeedfeedfeed",
        "release": "r0",
        "payload_version": "2",
        "organisation": str(owner.pk),
        "submitter": str(owner.pk),
        "last_actor": str(actor.pk),
    }
    return Ledger(logged_in("Clinical support"), rare)


def cost_of(client: Client, url: str) -> tuple[int, float]:
    """Statements and processor seconds of a page: the least of three looks."""
    costs = []
    for _ in range(3):
        begun = processor_seconds()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200, url
        costs.append((len(queries), processor_seconds() - begun))
    return max(number for number, _ in costs), min(seconds for _, seconds in costs)


def test_every_page_stays_cheap_and_every_filter_finds_a_rare_value(ledger: Ledger) -> None:
    jobs, desk = reverse(JOBS), reverse(DESK)
    groups.count_anew()
    pages = [desk, f"{desk}?order=last", jobs, f"{jobs}?state=all", f"{jobs}?q=nobody"]
    for name, value in ledger.rare.items():
        found = ledger.support.get(jobs, {name: value}).context["cl"].result_count
        assert found == FAILED // 20_000, name
        pages += [f"{jobs}?{name}={value}", f"{jobs}?state=dead&{name}={value}"]
    pages += [f"{jobs}?failed_within={span}" for span in ("hour", "week")]
    pages += [f"{jobs}?state=all&fingerprint=feedfeedfeedfeed", f"{jobs}?q=feedfeedfeedfeed"]
    pages += [f"{jobs}?failed_before={(timezone.now() - timedelta(days=69)).date()}"]
    costs = {url: cost_of(ledger.support, url) for url in pages}
    most = SECONDS * slowness(yardstick())
    assert not {url: cost for url, cost in costs.items() if cost[0] > MOST_QUERIES or cost[1] > most}
    assert ledger.support.get(desk).context["causes"].jobs == FAILED
