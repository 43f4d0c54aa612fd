"""The main job, end to end, in one process."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.factories import NOON, Caller


@pytest.mark.usefixtures("scripts")
def test_a_measurement_posted_before_the_activation_counts_as_soon_as_the_link_lands(
    api: Client, caller: Caller, work: Callable[[], int]
) -> None:
    measurements = {
        "organisation": str(caller.organisation.id),
        "measurements": [
            {
                "client_id": f"m-{value}",
                "external_id": "p-1",
                "code": "2339-0",
                "value": value,
                "unit": "mg/dL",
                "measured_at": NOON.isoformat(),
            }
            for value in (100, 200)
        ],
    }
    sent = api.post("/api/v1/measurements", measurements, content_type="application/json")
    assert sent.status_code == 202, sent.content
    assert [result["outcome"] for result in sent.json()["results"]] == ["held", "held"]
    work()

    activation = {
        "client_id": "a-1",
        "submitter": str(caller.submitter.id),
        "external_id": "p-1",
        "effective_at": "2026-03-01T00:00:00+01:00",
    }
    accepted = api.post("/api/v1/activations", activation, content_type="application/json")
    assert accepted.status_code == 202, accepted.content
    assert api.get(accepted.headers["Location"]).json()["state"] == "available"
    work()
    assert api.get(accepted.headers["Location"]).json()["state"] == "succeeded"

    patient = api.post(
        "/api/v1/patients/lookup",
        {"organisation": str(caller.organisation.id), "external_id": "p-1"},
        content_type="application/json",
    ).json()
    assert patient["linked"]
    assert patient["held_measurements"]["count"] == 0
    [observation] = api.get("/api/v1/observations", {"patient": patient["id"]}).json()["results"]
    assert observation["value"] == {"mean": 150, "in_range": 50}
    readings = api.get("/api/v1/measurements", {"patient": patient["id"]}).json()["results"]
    assert set(observation["derived_from"]) == {reading["id"] for reading in readings}
