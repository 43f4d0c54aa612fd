"""What the API shows of what is stored, and scripts that read it."""

from datetime import timedelta
from typing import Any

from django.test import Client

from observations.models import Observation
from observations.scripts.library import LibraryScript
from observations.scripts.library.installing import install_library
from patients.models import Patient


def shown(api: Client, external_id: str = "p-1", **query: str) -> dict[str, dict[str, Any]]:
    """The patient's measurements as the API lists them, by their client id."""
    patient = Patient.objects.get(external_id=external_id)
    answer = api.get("/api/v1/measurements", {"patient": str(patient.id), **query})
    return {row["client_id"]: row for row in answer.json()["results"]}


def statuses(api: Client, external_id: str = "p-1") -> dict[str, str]:
    return {client_id: row["status"] for client_id, row in shown(api, external_id).items()}


def publish_mean_of(*codes: str) -> None:
    """A script that gives the mean of the last day's readings of each code, under `a`, `b` and so on."""
    names = "abcdef"[: len(codes)]
    window = int(timedelta(days=1).total_seconds())
    script = LibraryScript(
        name=f"mean of {', '.join(codes)}",
        title="Mean",
        code="glucose-7d",
        source="result = {" + ", ".join(f'"{name}": mean({name})' for name in names) + "}",
        inputs={
            name: {"code": code, "how": "all_within", "window_seconds": window}
            for name, code in zip(names, codes, strict=True)
        },
        outputs={name: {"code": "glucose-mean-7d", "unit": "mg/dL"} for name in names},
        test_cases=[
            {"inputs": {name: [1, 3] for name in names}, "expected": dict.fromkeys(names, 2)},
        ],
    )
    install_library(scripts=[script])


def results() -> list[dict[str, Any] | None]:
    """What is current of everything that was computed, by its time."""
    current = Observation.objects.filter(superseded_at=None).order_by("as_of")
    return [row.value for row in current]
