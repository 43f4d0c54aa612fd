"""A database that is away or busy: the caller is told to send the same again, and doing so is safe."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from clinical_engine.common.database import array_literal, execute
from observations.models import Measurement
from patients.locks import lock_patients
from patients.models import Patient
from patients.services import ensure_patients
from tests import factories
from tests.api.bodies import post, reading, readings, statement
from tests.api.contract import client_of
from tests.factories import Caller
from tests.patients.concurrency import Threads, uncommitted
from tests.ports import free_port


@pytest.fixture
def impatient(committed_caller: Caller) -> Iterator[None]:
    """This connection waits for a lock for a moment only, instead of for seconds."""
    execute("SET lock_timeout = '50ms'")
    yield
    # Not with what the test set, and not to the connections of later tests.
    connection.close()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("limit", "kind", "seconds"),
    [("lock_timeout", "lock-timeout", "1"), ("statement_timeout", "statement-timeout", "30")],
)
def test_a_request_with_a_statement_over_its_limit_can_be_sent_again(
    committed_caller: Caller, limit: str, kind: str, seconds: str, caplog: pytest.LogCaptureFixture
) -> None:
    execute("RESET lock_timeout")
    execute(f"SET {limit} = '500ms'")
    api, body = client_of(committed_caller), readings(committed_caller, reading())
    organisation_id = committed_caller.organisation.id
    with (
        Threads(1) as threads,
        uncommitted(threads, lambda: ensure_patients(organisation_id=organisation_id, external_ids=["p-1"])),
    ):
        answer = post(api, "measurements", body)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == seconds
        problem = answer.json()
        assert problem["type"] == f"urn:clinical-engine:problem:{kind}"
        assert "Send the same again" in problem["detail"]
        assert "p-1" not in answer.content.decode()
    # Whoever reports it names the captured statement.
    assert len(problem["statement"]) == 16
    assert f"Statement {problem['statement']} " in caplog.text
    assert not Measurement.objects.exists()
    execute(f"RESET {limit}")
    assert post(api, "measurements", body).status_code == 202


@pytest.mark.usefixtures("impatient")
def test_a_patient_whose_facts_are_being_worked_on_can_be_spoken_of(committed_caller: Caller) -> None:
    api = client_of(committed_caller)
    patient = factories.patient(committed_caller.organisation, "p-1")
    with Threads(1) as threads, uncommitted(threads, lambda: lock_patients(array_literal([patient.id]))):
        assert post(api, "measurements", readings(committed_caller, reading())).status_code == 202
        assert post(api, "activations", statement(committed_caller)).status_code == 202
    assert Patient.objects.count() == 1


def test_a_connection_that_the_server_ended_is_made_anew_within_the_request(committed_caller: Caller) -> None:
    api = client_of(committed_caller)
    # As it does with all of them when it starts over.
    with pytest.raises(OperationalError):
        execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert post(api, "activations", statement(committed_caller)).status_code == 202


def test_a_database_that_is_gone_is_said_to_be_away(
    committed_caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = client_of(committed_caller)
    connection.close()
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        away.setitem(connection.settings_dict, "PORT", str(free_port()))
        answer = post(api, "activations", statement(committed_caller))
    assert answer.status_code == 503
    connection.close()
    assert post(api, "activations", statement(committed_caller)).status_code == 202
