"""What must be current, computed anew from all accepted facts in the plainest way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from observations.models import Observation
from observations.readings import Reading
from patients.models import Patient
from patients.periods import Said
from tests.patients.histories import is_active

WEEK = timedelta(days=7)
MG_PER_DL = {"mg/dL": 1.0, "mmol/L": 18.0156}


class PlainIntake:
    """What is accepted of everything that is sent, one after the other, and what of it stands."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading] = {}
        self.replaced_by: dict[str, str] = {}
        self.in_error: set[str] = set()

    def send(self, reading: Reading) -> str:
        """What becomes of it."""
        known = self.readings.get(reading.client_id)
        if known is not None:
            return "duplicate" if known == reading else "conflict"
        if reading.replaces is not None:
            if (
                reading.replaces in self.replaced_by
                or self._last_after(reading.client_id) == reading.replaces
            ):
                return "refused"
            self.replaced_by[reading.replaces] = reading.client_id
        self.readings[reading.client_id] = reading
        return "stored"

    def statuses(self) -> dict[str, str]:
        return {client_id: self._status(client_id) for client_id in self.readings}

    def standing(self, external_id: str) -> list[Reading]:
        """The patient's readings that nothing has taken back."""
        statuses = self.statuses()
        return [
            reading
            for client_id, reading in self.readings.items()
            if reading.external_id == external_id and statuses[client_id] == "final"
        ]

    def _last_after(self, client_id: str) -> str:
        while client_id in self.replaced_by:
            client_id = self.replaced_by[client_id]
        return client_id

    def _status(self, client_id: str) -> str:
        if client_id in self.in_error:
            return "entered-in-error"
        return "replaced" if client_id in self.replaced_by else "final"


@dataclass(frozen=True)
class Expected:
    """A current observation of the script glucose-7d."""

    derived_from: tuple[str, ...]
    """The client ids of the measurements, oldest first."""
    mean: float
    in_range: float


def expected_glucose(
    statements_by_submitter: Sequence[Sequence[Said]], readings: Sequence[Reading]
) -> dict[datetime, Expected]:
    """The current observations of one patient by time."""
    covered = [
        reading
        for reading in readings
        if reading.code == "2339-0"
        and any(is_active(statements, reading.measured_at) for statements in statements_by_submitter)
    ]
    covered.sort(key=lambda reading: (reading.measured_at, reading.client_id))
    return {
        time: _expected([one for one in covered if time - WEEK < one.measured_at <= time])
        for time in {reading.measured_at for reading in covered}
    }


def _expected(readings: Sequence[Reading]) -> Expected:
    values = [float(str(reading.value)) * MG_PER_DL[str(reading.unit)] for reading in readings]
    return Expected(
        tuple(reading.client_id for reading in readings),
        sum(values) / len(values),
        100 * sum(70 <= value <= 180 for value in values) / len(values),
    )


def current_glucose(patient: Patient) -> dict[datetime, Expected]:
    """The patient's current observations as the table has them. Fails when there are two for one time."""
    client_ids: dict[UUID, str] = dict(patient.measurements.values_list("id", "client_id"))
    current: dict[datetime, Expected] = {}
    for row in Observation.objects.filter(patient=patient, superseded_at=None, script__name="glucose-7d"):
        assert row.as_of not in current
        assert row.value is not None
        current[row.as_of] = Expected(
            tuple(client_ids[source] for source in row.derived_from),
            row.value["mean"],
            row.value["in_range"],
        )
    return current


def assert_as_expected(actual: dict[datetime, Expected], expected: dict[datetime, Expected]) -> None:
    assert actual.keys() == expected.keys()
    for time, one in expected.items():
        assert actual[time].derived_from == one.derived_from
        assert abs(actual[time].mean - one.mean) < 1e-9
        assert abs(actual[time].in_range - one.in_range) < 1e-9
