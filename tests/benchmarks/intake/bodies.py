"""Requests with made-up readings of linked patients."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count

from django.db import transaction

from patients import services
from patients.folding import fold_periods
from tests import factories
from tests.benchmarks.engine import Engine
from tests.benchmarks.intake import sizes
from tests.benchmarks.ledger.databases import working_on

# So many readings in a row are of one patient, as when a device is read out.
_IN_A_ROW = 10
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_CODES = (("8867-4", "/min", 72), ("2339-0", "mg/dL", 104), ("29463-7", "kg", 81.4), ("8310-5", "Cel", 36.8))
_LINKED_AT_ONCE = 1_000


def link_patients(engine: Engine) -> None:
    """The patients whose readings follow, linked to the engine's submitter since before the first of them."""
    names = [_name(number) for number in range(sizes.PATIENTS)]
    with working_on(engine.database):
        for start in range(0, len(names), _LINKED_AT_ONCE):
            said = [
                factories.statement(name, _BEGIN - timedelta(days=1))
                for name in names[start : start + _LINKED_AT_ONCE]
            ]
            accepted = services.activate(
                submitter=engine.caller.submitter, statements=said, origin=factories.BY_IMPORT
            )
            with transaction.atomic():
                fold_periods(statement_ids=[each.statement_id for each in accepted])


class Bodies:
    """Ever new requests: each reading has a client id and a time of its own."""

    def __init__(self, engine: Engine) -> None:
        self._organisation = str(engine.caller.organisation.pk)
        self._readings = map(_reading, count())

    def next(self, size: int, **frame: str) -> bytes:
        """The body of a request of so many readings."""
        readings = [next(self._readings) for _ in range(size)]
        return json.dumps({"organisation": self._organisation, "measurements": readings, **frame}).encode()

    def several(self, number: int, size: int) -> list[bytes]:
        """The bodies of so many requests."""
        return [self.next(size) for _ in range(number)]


def _name(number: int) -> str:
    return f"patient-{number:06d}"


def _reading(number: int) -> dict[str, object]:
    code, unit, usual = _CODES[number % len(_CODES)]
    return {
        "client_id": f"device-{number:09d}",
        "external_id": _name(number // _IN_A_ROW % sizes.PATIENTS),
        "code": code,
        "value": round(usual + number % 17 / 10, 1),
        "unit": unit,
        "measured_at": f"{(_BEGIN + timedelta(seconds=number)).isoformat()}",
    }
