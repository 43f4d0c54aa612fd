"""Payloads: read in every format that was ever written, and set apart where they fit none."""

import pytest

from clinical_engine.common.database import execute
from clinical_engine.jobs import ledger
from clinical_engine.jobs.models import Job
from tests.jobs.support import RegisterKind, attempts_of, enqueue, job_of, make_due, succeed, work

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.mark.parametrize("payload", ['{"number": "x"}', '{"other": 1}', "[1]", '"text"', "null", "7"])
def test_a_payload_that_does_not_fit_waits_for_a_person_and_is_never_claimed_again(
    payload: str, new_kind: RegisterKind
) -> None:
    kind = new_kind(succeed)
    bad, good = enqueue(kind, 1, 2)
    execute("UPDATE jobs_job SET payload = %s::jsonb WHERE id = %s", [payload, bad])
    assert work(kind) == 2
    job = job_of(bad)
    assert (job.state, job_of(good).state) == ("invalid_payload", "succeeded")
    assert job.finished_at is not None
    assert "payload of format 1 does not fit Numbered" in job.error
    assert attempts_of(bad)[0].error_kind == "invalid_payload"
    make_due(bad)
    assert work(kind) == 0


def test_an_upcaster_that_stumbles_over_one_payload_fails_no_other_job(new_kind: RegisterKind) -> None:
    def upcast(payload: dict[str, int]) -> dict[str, float]:
        return {"number": [0][payload["number"]]}

    kind = new_kind(succeed, version=2, upcasters={1: upcast})
    good, bad = enqueue(kind, 0, 7)
    Job.objects.update(payload_version=1)
    work(kind)
    assert (job_of(good).state, job_of(bad).state) == ("succeeded", "invalid_payload")


def test_an_old_payload_runs_on_a_new_release_and_stays_stored_as_it_came(new_kind: RegisterKind) -> None:
    seen: list[int] = []
    kind = new_kind(
        lambda batch: seen.extend(job.payload.number for job in batch),
        version=3,
        upcasters={1: lambda old: {"count": old["n"]}, 2: lambda old: {"number": old["count"] * 10}},
    )
    [job_id] = enqueue(kind, 1)
    Job.objects.filter(pk=job_id).update(payload={"n": 4}, payload_version=1)
    work(kind)
    assert seen == [40]
    assert (job_of(job_id).payload, job_of(job_id).payload_version) == ({"n": 4}, 1)


def test_a_payload_of_more_than_64_kilobytes_is_not_accepted(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    ledger.enqueue(kind.name, [ledger.NewJob({"ids": "x" * 65_000})])
    with pytest.raises(ValueError, match="64 KB"):
        ledger.enqueue(kind.name, [ledger.NewJob({"ids": "x" * 66_000})])
    assert Job.objects.count() == 1
