"""Files of measurements for tests."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction

from clinical_engine.common.lines import LineForm
from observations.importing import services
from observations.importing.advancing import advance
from observations.importing.services import IncomingFile
from observations.models import ImportProblem, Measurement, MeasurementImport
from observations.models.imports import OUTCOMES
from submitters.models import Organisation

HEADER = "client_id,external_id,code,value,unit,measured_at"
TIME = "2026-03-10T13:00:00+01:00"
GLUCOSE = {"code": "2339-0", "value": 100, "unit": "mg/dL", "measured_at": TIME}


def item(client_id: str, external_id: str = "p-1", **fields: Any) -> dict[str, Any]:
    """A reading as NDJSON has it; a field that is None is left out."""
    whole = {"client_id": client_id, "external_id": external_id, **GLUCOSE, **fields}
    return {name: value for name, value in whole.items() if value is not None}


def ndjson(*lines: dict[str, Any] | bytes) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )


def readings(number: int, start: int = 0) -> bytes:
    """That many readings of twenty patients."""
    return ndjson(*(item(f"m-{n}", f"p-{n % 20}", value=80 + n % 100) for n in range(start, start + number)))


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "".join(f"{row}\n" for row in (header, *rows)).encode()


def row(client_id: str, value: object = 100, **fields: str) -> str:
    """A line of a CSV under `HEADER`."""
    given = {"external_id": "p-1", "code": "2339-0", "unit": "mg/dL", "measured_at": TIME, **fields}
    return ",".join(
        [client_id, given["external_id"], given["code"], str(value), given["unit"], given["measured_at"]]
    )


def received(
    organisation: Organisation,
    body: bytes | Iterable[bytes],
    form: LineForm = LineForm.NDJSON,
    *,
    gzipped: bool = False,
    **options: Any,
) -> MeasurementImport:
    """An import as it came in; no line is answered yet."""
    chunks: Iterator[bytes] = iter([body]) if isinstance(body, bytes) else iter(body)
    file = IncomingFile("readings.csv", form, gzipped, chunks)
    given: dict[str, Any] = {"actor": None, "reason": "ticket 12", **options}
    return services.receive(organisation=organisation, file=file, **given)


def finished(file: MeasurementImport) -> MeasurementImport:
    """The import, every step of it done, whatever state its job is in."""
    while step(file):
        pass
    return file


def step(file: MeasurementImport) -> bool:
    """Do the next step of an import; whether it has more to do."""
    with transaction.atomic():
        more = advance(file.pk, file.job_id)
    file.refresh_from_db()
    return more


def counts(file: MeasurementImport) -> dict[str, int]:
    """What became of its lines, without what did not."""
    file.refresh_from_db()
    return {name: number for name in OUTCOMES if (number := getattr(file, name))}


def problems(file: MeasurementImport) -> list[tuple[int, str, str]]:
    """Line, field and code of each problem."""
    found = ImportProblem.objects.filter(measurement_import=file).order_by("line", "number")
    return list(found.values_list("line", "field", "code"))


def stored() -> Sequence[str]:
    """The client ids of the measurements that there are."""
    return sorted(Measurement.objects.values_list("client_id", flat=True))
