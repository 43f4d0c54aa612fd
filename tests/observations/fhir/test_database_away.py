"""A database that is busy: who sends a Bundle is told to send it again, and doing so is safe."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection

from clinical_engine.common.database import execute
from observations.models import Measurement
from patients.services import ensure_patients
from tests import factories
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, issues, observation, send, statuses
from tests.observations.fhir.conftest import client_of
from tests.patients.concurrency import Threads, uncommitted


@pytest.fixture
def caller(committed_db: None) -> Iterator[Caller]:
    # This connection waits for a lock for a moment only, instead of for seconds.
    execute("SET lock_timeout = '50ms'")
    yield factories.caller()
    # Not with what the test set, and not to the connections of later tests.
    connection.close()


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_bundle_that_waits_in_vain_for_a_lock_can_be_sent_again(caller: Caller, kind: str) -> None:
    api, body = client_of(caller), bundle(observation(caller), kind=kind)
    organisation_id = caller.organisation.id
    with (
        Threads(1) as threads,
        uncommitted(threads, lambda: ensure_patients(organisation_id=organisation_id, external_ids=["p-1"])),
    ):
        answer = send(api, body)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert issues(answer.json()) == [("fatal", "lock-timeout", "")]
        assert answer.json()["issue"][0]["code"] == "transient"
        assert re.search(r"Statement [0-9a-f]{16}\.$", answer.json()["issue"][0]["diagnostics"])
    assert not Measurement.objects.exists()
    assert statuses(send(api, body)) == ["201 Created"]
