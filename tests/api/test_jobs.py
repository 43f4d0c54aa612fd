"""Polling accepted work."""

from collections.abc import Callable

from clinical_engine.common.database import execute
from tests.api.bodies import post, statement
from tests.api.contract import DescribedClient, client_of
from tests.factories import Caller


def test_an_unfinished_job_says_when_to_ask_again_and_a_finished_one_does_not(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    address = post(api, "activations", statement(caller)).headers["Location"]
    waiting = api.get(address)
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (200, "1")
    assert waiting.json() == {
        "id": address.rsplit("/", 1)[1],
        "kind": "associate",
        "state": "available",
        "finished": False,
        "attempts": 0,
        "created_at": waiting.json()["created_at"],
        "finished_at": None,
        "progress": None,
        "failure": None,
    }
    work()
    done = api.get(address)
    assert "Retry-After" not in done.headers
    assert (done.json()["state"], done.json()["finished"], done.json()["attempts"]) == ("succeeded", True, 1)
    assert done.json()["finished_at"] > done.json()["created_at"]


def test_a_failed_job_is_a_finished_poll_with_the_failure_inside(
    committed_caller: Caller, work: Callable[[], int]
) -> None:
    api = client_of(committed_caller)
    address = post(api, "activations", statement(committed_caller)).headers["Location"]
    # A payload that this release cannot read fails for good.
    execute('UPDATE jobs_job SET revised_payload = \'{"statement": "MARKED77531"}\', revised_version = 1')
    work()
    answer = api.get(address)
    assert answer.status_code == 200
    assert "Retry-After" not in answer.headers
    job = answer.json()
    assert (job["state"], job["finished"], job["attempts"]) == ("invalid_payload", True, 1)
    assert job["failure"]["error_kind"] == "invalid_payload"
    assert job["failure"]["error_class"] == "InvalidPayloadError"
    assert job["failure"]["fingerprint"]
    assert "MARKED77531" not in answer.content.decode()


def test_a_job_that_will_be_tried_again_is_unfinished_and_shows_its_last_failure(
    committed_caller: Caller, work: Callable[[], int]
) -> None:
    api = client_of(committed_caller)
    address = post(api, "activations", statement(committed_caller)).headers["Location"]
    # Shadows the real table for this connection, so that the handler fails as it would before a forgotten migration.
    execute("CREATE TEMPORARY TABLE patients_association (nothing int)")
    work()
    execute("DROP TABLE pg_temp.patients_association")
    answer = api.get(address)
    assert answer.headers["Retry-After"] in {"1", "2"}
    assert (answer.json()["state"], answer.json()["finished"]) == ("retryable", False)
    assert answer.json()["failure"]["error_class"] == "ProgrammingError"
    execute("UPDATE jobs_job SET next_run_at = now() + interval '30 seconds'")
    assert 25 <= int(api.get(address).headers["Retry-After"]) <= 30
    execute("UPDATE jobs_job SET next_run_at = now() + interval '1 hour'")
    assert api.get(address).headers["Retry-After"] == "60"
    execute("UPDATE jobs_job SET next_run_at = now()")
    work()
    assert api.get(address).json()["failure"] is None


def test_a_job_of_another_organisation_is_not_there(
    api: DescribedClient, caller: Caller, other_api: DescribedClient
) -> None:
    address = post(api, "activations", statement(caller)).headers["Location"]
    foreign = other_api.get(address)
    unknown = other_api.get("/api/v1/jobs/0190a0a0-0000-7000-8000-000000000000")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
