"""A public client of FHIR sends and reads over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from observations.models import Measurement
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Patient
from tests import factories
from tests.factories import Caller
from tests.observations.fhir.bodies import bundle, observation, pressure, quantity
from tests.observations.fhir.conftest import assert_valid, link
from tests.workers import running_web


@pytest.fixture
def caller(committed_db: None) -> Caller:
    return factories.caller()


def client_at(address: str, caller: Caller) -> SyncFHIRClient:
    return SyncFHIRClient(f"{address}/fhir", authorization=f"Bearer {caller.key}")


def test_a_public_client_sends_bundles_and_reads_observations(
    caller: Caller, tmp_path: Path, work: Any
) -> None:
    install_library(scripts=[GLUCOSE_7D])
    link(caller)
    work()
    readings = [observation(caller, f"m-{n}", valueQuantity=quantity(100 + n, "mg/dL")) for n in range(5)]
    with running_web(tmp_path / "web.log") as address:
        client = client_at(address, caller)
        stored = client.execute("", data=bundle(*readings, pressure(caller, "b"), kind="transaction"))
        assert [entry["response"]["status"] for entry in stored["entry"]] == ["201 Created"] * 6
        work()
        patient = str(Patient.objects.get().pk)
        found = client.resources("Observation").search(patient=patient).limit(2).fetch_all()
        for resource in [stored, *found]:
            assert_valid(dict(resource))
        ids = {str(key) for key in Measurement.objects.values_list("pk", flat=True)}
        measured = [resource for resource in found if resource.id in ids]
        assert {resource.id for resource in measured} == ids
        [computed] = [resource for resource in found if resource.id not in ids]
        sources = [reference.to_resource() for reference in computed["derivedFrom"]]
        assert {each["valueQuantity"]["value"] for each in sources} == {100, 101, 102, 103, 104}
        searched = client.resources("Observation").search(patient=patient, code="85354-9").first()
        assert searched is not None
        assert [part["valueQuantity"]["value"] for part in searched["component"]] == [128, 82]
        one = client.get("Observation", searched.id)
        assert one["identifier"] == [{"system": "urn:oid:1.2.3.4", "value": "b"}]


def test_a_public_client_understands_what_went_wrong(caller: Caller, tmp_path: Path) -> None:
    with running_web(tmp_path / "web.log") as address:
        client = client_at(address, caller)
        bad = observation(caller, valueQuantity=quantity(1, "kg"))
        with pytest.raises(OperationOutcome) as refused:
            client.execute("", data=bundle(bad, kind="transaction"))
        [issue] = refused.value.resource["issue"]
        assert issue["expression"] == ["Bundle.entry[0].resource.valueQuantity.code"]
        assert_valid(refused.value.resource)
        with pytest.raises(ResourceNotFound):
            client.get("Observation", "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5d")
        statement = client.execute("metadata", method="get")
        assert_valid(dict(statement))
        assert statement["implementation"]["url"] == f"{address}/fhir"
