"""Bundles of the type transaction: all of it is stored, or nothing."""

from collections.abc import Callable

from clinical_engine.jobs.models import Job
from observations.models import Correction, Measurement, MeasurementConflict, RefusalCount
from patients.models import Patient
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, issues, observation, quantity, send, statuses
from tests.observations.fhir.conftest import ValidatingClient


def test_a_transaction_of_good_entries_is_stored(api: ValidatingClient, caller: Caller) -> None:
    both = observation(caller, "a"), observation(caller, "b", status="amended")
    answer = send(api, bundle(*both, kind="transaction"))
    assert answer.json()["type"] == "transaction-response"
    assert statuses(answer) == ["201 Created", "201 Created"]
    assert statuses(send(api, bundle(*both, kind="transaction"))) == ["200 OK", "200 OK"]


def test_one_refused_entry_undoes_all_and_every_refused_one_is_named(
    api: ValidatingClient, caller: Caller
) -> None:
    answer = send(
        api,
        bundle(
            observation(caller, "a"),
            observation(caller, "b", valueQuantity=quantity(1, "kg")),
            observation(caller, "c", status="entered-in-error"),
            observation(caller, "d", status="unknown"),
            {"resourceType": "Patient"},
            kind="transaction",
        ),
    )
    assert answer.status_code == 422
    assert issues(answer.json()) == [
        ("error", "wrong_dimension", "Bundle.entry[1].resource.valueQuantity.code"),
        ("error", "status_not_final", "Bundle.entry[3].resource.status"),
        ("error", "resource_not_supported", "Bundle.entry[4].resource"),
    ]
    for model in (Measurement, Patient, Correction, Job):
        assert not model.objects.exists()
    assert set(RefusalCount.objects.values_list("reason", "number")) == {
        ("wrong_dimension", 1),
        ("status_not_final", 1),
        ("resource_not_supported", 1),
    }


def test_one_in_conflict_undoes_all(api: ValidatingClient, caller: Caller) -> None:
    send(api, bundle(observation(caller, "a")))
    other = observation(caller, "a", valueQuantity=quantity(101, "mg/dL"))
    answer = send(api, bundle(observation(caller, "b"), other, kind="transaction"))
    assert answer.status_code == 409
    assert issues(answer.json()) == [("error", "conflict", "Bundle.entry[1].resource.identifier[0].value")]
    assert Measurement.objects.get().client_id.endswith("|a")
    assert not MeasurementConflict.objects.exists()


def test_a_transaction_replaces_and_takes_back(
    api: ValidatingClient, caller: Caller, work: Callable[[], int]
) -> None:
    send(api, bundle(observation(caller, "a"), observation(caller, "b")))
    replacing = {
        "url": "urn:clinical-engine:fhir:replaces",
        "valueIdentifier": observation(caller, "a")["identifier"][0],
    }
    answer = send(
        api,
        bundle(
            observation(caller, "c", extension=[replacing]),
            observation(caller, "b", status="entered-in-error"),
            kind="transaction",
        ),
    )
    assert statuses(answer) == ["201 Created", "202 Accepted"]
    work()
    standing = dict(Measurement.objects.values_list("client_id", "status"))
    assert {name[-1]: status for name, status in standing.items()} == {
        "a": "replaced",
        "b": "entered-in-error",
        "c": "final",
    }
