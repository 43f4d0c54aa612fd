"""Everything that the engine says of one patient, read page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from observations.simulator.actions import Patient
from observations.simulator.client import Client

# Small for some of the patients, so that lists of several pages are read too.
_LARGE, _SMALL = 500, 7
_EVERY = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What was read of one patient; `patient` is None where there is none."""

    patient: Mapping[str, Any] | None
    measurements: Sequence[Mapping[str, Any]] = ()
    observations: Sequence[Mapping[str, Any]] = ()

    @property
    def is_finished(self) -> bool:
        """Whether the engine says that nothing more will become of the patient."""
        job = (self.patient or {}).get("last_job")
        return job is None or bool(job["finished"])


def find(client: Client, patient: Patient, organisation: str) -> Found:
    """Read the patient, its measurements and its current observations. Raises NoAnswerError."""
    answer = client.post(
        "patients/lookup", {"organisation": organisation, "external_id": patient.external_id}
    )
    if answer.status != HTTPStatus.OK:
        return Found(None)
    found = answer.members
    size = _SMALL if int(patient.external_id[-5:]) % _EVERY == 0 else _LARGE
    return Found(
        found,
        _pages(client, "measurements", found["id"], size),
        _pages(client, "observations", found["id"], size),
    )


def _pages(client: Client, path: str, patient: str, size: int) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(path, patient=patient, page_size=size, **cursor).members
        rows += page.get("results", ())
        if not page.get("next"):
            return rows
        # Only the cursor: the key is sent to no address but the one that was given.
        cursor = {"cursor": parse_qs(urlsplit(page["next"]).query)["cursor"][0]}
