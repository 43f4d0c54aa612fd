"""The dry run of a bulk rerun: exact, in words, and without writing."""

import os
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from django.db.models.functions import Now

from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Circuit, Job, RerunItem
from clinical_engine.jobs.registry import JobKind
from clinical_engine.jobs.reruns import examination
from clinical_engine.jobs.reruns.examination import Cause, examine
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.selection import Selection
from tests.budgets import queries_of
from tests.jobs.reruns.support import begin, dead_jobs
from tests.jobs.support import RegisterKind, succeed
from tests.processor import processor_seconds, within

pytestmark = pytest.mark.usefixtures("committed_db")
MANY = 100_000


def of_kind(kind: JobKind, **filters: str) -> Selection:
    return Selection.parse({"kind": kind.name, **filters})


def test_it_counts_jobs_causes_patients_and_organisations(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 10)
    one, other = new_id(), new_id()
    Job.objects.filter(pk__in=job_ids[:6]).update(patient_id=one, organisation_id=one)
    Job.objects.filter(pk__in=job_ids[6:8]).update(patient_id=other, organisation_id=one)
    Job.objects.filter(pk__in=job_ids[:3]).update(fingerprint="feedbeeffeedbeef", error="KeyError")
    found = examine(of_kind(kind))
    assert (found.jobs, found.patients, found.organisations, found.left_out) == (10, 2, 1, 0)
    assert found.kinds == [(kind.name, 10)]
    assert found.causes == [
        Cause(kind.name, "0123456789abcdef", "PermanentError", 7),
        Cause(kind.name, "feedbeeffeedbeef", "KeyError", 3),
    ]


def test_it_says_which_jobs_would_not_decode_and_why(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 5)
    Job.objects.filter(pk__in=job_ids[:2]).update(revised_payload={"number": "secret"}, revised_version=1)
    Job.objects.filter(pk=job_ids[2]).update(revised_payload={}, revised_version=7)
    Job.objects.filter(pk=job_ids[3]).update(kind="gone")
    found = examine(Selection.parse({}))
    assert (found.jobs, found.left_out) == (1, 4)
    assert {(group.kind, group.version, group.jobs) for group in found.unreadable} == {
        (kind.name, 1, 2),
        (kind.name, 7, 1),
        ("gone", 1, 1),
    }
    reasons = " ".join(group.reason for group in found.unreadable)
    assert "number" in reasons
    assert "format 7" in reasons
    assert "no job kind 'gone'" in reasons
    assert "secret" not in reasons


def test_it_names_the_kinds_whose_circuit_is_open(new_kind: RegisterKind) -> None:
    kind, other = new_kind(succeed), new_kind(succeed)
    dead_jobs(kind, 1)
    dead_jobs(other, 1)
    Circuit.objects.create(kind=kind.name, failures=5, open_until=Now(), error="", fingerprint="")
    Circuit.objects.create(kind=other.name, failures=1, error="", fingerprint="")
    assert examine(Selection.parse({})).resting == [kind.name]


def test_it_says_how_long_the_rate_takes(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 100)
    found = examine(of_kind(kind))
    assert found.duration(Limits(rate=10, canary=0)) == timedelta(seconds=10)
    assert found.duration(Limits(rate=10)) > timedelta(seconds=10)


@pytest.mark.parametrize(
    ("state", "jobs"),
    [("failed", 2), ("all", 2), ("dead", 1), ("invalid_payload", 1), ("cancelled", 1), ("retryable", 1)],
)
def test_only_what_running_again_would_change_is_chosen(
    state: str, jobs: int, new_kind: RegisterKind
) -> None:
    kind = new_kind(succeed)
    for one in ("dead", "invalid_payload", "cancelled", "succeeded"):
        dead_jobs(kind, 1, state=one)
    Job.objects.filter(pk__in=dead_jobs(kind, 2)).update(state="retryable", finished_at=None)
    Job.objects.filter(pk=Job.objects.filter(state="retryable").latest("pk").pk).update(state="available")
    assert examine(of_kind(kind, state=state)).jobs == jobs


def test_it_asks_as_often_for_one_job_as_for_many_and_writes_nothing(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    few = queries_of(lambda: examine(of_kind(kind)))
    dead_jobs(kind, 200)
    assert queries_of(lambda: examine(of_kind(kind))) == few
    assert not RerunItem.objects.exists()


def test_more_jobs_than_one_rerun_takes_are_refused_in_words(
    new_kind: RegisterKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "LARGEST", 4)
    kind = new_kind(succeed)
    dead_jobs(kind, 5)
    with pytest.raises(NotAllowedNowError, match=r"More than 4 jobs match\. Narrow the filter"):
        examine(of_kind(kind))


def test_a_hundred_thousand_jobs_are_examined_and_frozen_in_seconds(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    fill(kind, MANY)
    with within(5, processor_seconds):
        assert examine(of_kind(kind)).jobs == MANY
    with within(5, processor_seconds):
        rerun = begin(kind)
    assert RerunItem.objects.filter(rerun=rerun).count() == MANY


def fill(kind: JobKind, number: int) -> None:
    execute(
        """
        INSERT INTO jobs_job (id, kind, queue, state, payload, payload_version, patient_id, finished_at, fingerprint)
        SELECT gen_random_uuid(), %s, 'default', 'dead', jsonb_build_object('number', number), 1, gen_random_uuid(),
               clock_timestamp(), 'feedbeeffeedbeef'
        FROM generate_series(1, %s) AS number
        """,
        [kind.name, number],
    )
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner,
        owner,
        owner.cursor() as cursor,
    ):
        cursor.execute("ANALYZE jobs_job")
