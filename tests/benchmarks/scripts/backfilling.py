"""A million results at once."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from os import environ
from time import perf_counter
from typing import NamedTuple

import msgspec
from django.db import transaction
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.common.database import deferred_flushing
from clinical_engine.common.identifiers import new_id_text
from observations.backfill import pace
from observations.backfill.advancing import advance
from observations.backfill.services import start_backfill
from observations.engine import CompiledScript, Input
from observations.models import Backfill, ScriptVersion
from observations.scripts.publications import ready
from patients.models import Patient
from tests.benchmarks.intake import population
from tests.benchmarks.ledger.databases import checkpoint, connect, working_on
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.scripts import sizes
from tests.benchmarks.scripts.copying import copy_into
from tests.observations.scripts.writing import content, gives, publish, reads

_OURS, _PLAIN = "benchmark_backfilled", "benchmark_copied_results"
_NAMES = "abcd"
_WINDOW = timedelta(days=30)
_SOURCE = """\
points = [band(a, [60, 70, 80], [3, 2, 1, 0]), band(b, [60, 70, 80], [3, 2, 1, 0])]
score = sum(points) + band(c, [65, 75, 85], [0, 1, 2, 3]) + band(d, [65, 75, 85], [0, 1, 2, 3])
result = {"score": score, "risk": "high" if score >= 9 else "low"}
"""
_OUTPUTS = {"score": gives(unit="1"), "risk": gives(kind="coded", answers=["high", "low"])}
_AT_ONCE = 20_000


def run() -> list[Metric]:
    """Backfill: results a second of a script with four inputs that had none yet, 1,000,000 readings of 5,000 patients, in the
    slices in which its job does it (`observations.backfill.advancing.advance`): patients locked, readings, facts and results
    read, inputs found, evaluated, written. Beside it a plain loop over inputs that were prepared before its time is taken, which
    evaluates the same compiled script and writes the same rows by COPY, 20,000 a transaction, into a database of its own on the
    same server; both in turns.
    """
    ours, plain = _Ours(), _Plain()
    checkpoint()
    with tqdm(total=2 * sizes.RESULTS, desc="results", mininterval=1, unit_scale=True) as bar:
        working: list[_Ours | _Plain] = [plain, ours]
        while working:
            # Whichever is behind.
            side = min(working, key=lambda each: each.done)
            before = side.done
            if not side.step():
                working.remove(side)
            bar.update(side.done - before)
    plain.close()
    if ours.done != plain.done:
        raise RuntimeError(f"The backfill gave {ours.done} results, the plain loop {plain.done}.")
    speed, raw = ours.done / ours.seconds, plain.done / plain.seconds
    return [
        measured("backfill of 1,000,000 results", speed, raw),
        measured(
            "backfill of 1,000,000 results, speed / a plain loop on prepared inputs with COPY", speed / raw
        ),
    ]


def _build(database: str) -> ScriptVersion:
    """A database with the readings, linked patients and the script, which has given nothing yet."""
    population.build(database, sizes.RESULTS)
    with working_on(database):
        inputs = {
            name: reads(code.code, window_days=_WINDOW.days, missing="default", default=0)
            for name, code in zip(_NAMES, population.codes(), strict=True)
        }
        return publish("four-codes", content(_SOURCE, inputs, _OUTPUTS, _cases()))


def _cases() -> list[dict[str, object]]:
    inputs = dict.fromkeys(_NAMES, 60)
    return [{"inputs": inputs, "expected": {"score": 6, "risk": "low"}}]


class _Ours:
    """The backfill, slice by slice."""

    def __init__(self) -> None:
        version = _build(_OURS)
        self.done, self.seconds = 0, 0.0
        self._size = pace.FIRST
        with working_on(_OURS):
            self._backfill = start_backfill(
                actor=None,
                script=version.script,
                organisation=None,
                since=datetime(2000, 1, 1, tzinfo=UTC),
                until=None,
                reason="Measured",
                dry_run=False,
            )

    def step(self) -> bool:
        """One slice; whether there are more."""
        with working_on(_OURS):
            started = perf_counter()
            with deferred_flushing(), transaction.atomic():
                next_step = advance(self._backfill.pk, self._backfill.job_id, self._size)
            self.seconds += perf_counter() - started
            self.done = Backfill.objects.get(pk=self._backfill.pk).results_written
        self._size = self._size if next_step is None else next_step.size
        return next_step is not None


@dataclass(frozen=True)
class _Row:
    """A result to be computed: the columns before and after its value, and the inputs."""

    before: str
    after: str
    values: dict[str, Input]


class _Reading(NamedTuple):
    patient: str
    at: datetime
    id: str
    name: str
    value: float


class _Plain:
    """The loop."""

    def __init__(self) -> None:
        version = _build(_PLAIN)
        self.done, self.seconds = 0, 0.0
        self._connection: Connection = connect(environ["DATABASE_URL"], _PLAIN)
        self._compiled: CompiledScript
        with working_on(_PLAIN):
            self._compiled = ready(version).compiled
            organisation = Patient.objects.values_list("organisation_id", flat=True)[0]
        self._rows = self._prepared(version, str(organisation))

    def close(self) -> None:
        """End its connection."""
        self._connection.close()

    def step(self) -> bool:
        """One transaction; whether there are more."""
        rows = list(islice(self._rows, _AT_ONCE))
        if not rows:
            return False
        started = perf_counter()
        text = "".join([self._line(row) for row in rows])
        copy_into(self._connection, text)
        self.seconds += perf_counter() - started
        self.done += len(rows)
        return True

    def _line(self, row: _Row) -> str:
        value = msgspec.json.encode(self._compiled.run(row.values).value).decode()
        return f"{new_id_text()}\t{row.before}\t{value}\t\t\t{row.after}\t{{}}\t{{}}\n"

    def _prepared(self, version: ScriptVersion, organisation: str) -> Iterator[_Row]:
        for patient, readings in groupby(_readings(version), key=lambda reading: reading.patient):
            latest: dict[str, _Reading] = {}
            for reading in readings:
                latest[reading.name] = reading
                sources = sorted(latest.values(), key=lambda each: each.at)
                columns = (organisation, patient, version.script_id, version.pk, version.code_id)
                yield _Row(
                    "\t".join(map(str, (*columns, reading.at.isoformat()))),
                    "{" + ",".join(source.id for source in sources) + "}",
                    {name: latest[name].value if name in latest else 0 for name in _NAMES},
                )


def _readings(version: ScriptVersion) -> Iterator[_Reading]:
    """Every reading, by patient and time."""
    names: Sequence[str] = list(version.inputs)
    codes = {version.inputs[name]["code"]: name for name in names}
    with closing(connect(environ["DATABASE_URL"], _PLAIN)) as connection:
        connection.autocommit = False
        with connection.cursor("readings") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(
                """
                SELECT m.patient_id::text, m.measured_at, m.id::text, code.code, m.value_quantity::float8
                FROM observations_measurement m JOIN observations_code code ON code.id = m.code_id
                ORDER BY m.patient_id, m.measured_at, m.client_id
                """
            )
            for patient, at, identifier, code, value in cursor:
                yield _Reading(patient, at, identifier, codes[code], value)
