"""One measurement among twenty thousand, and among twenty million."""

import os
from contextlib import ExitStack, closing
from decimal import Decimal
from random import randrange, sample
from time import perf_counter
from uuid import UUID

from django.utils import timezone
from tqdm import tqdm

from clinical_engine.common.identifiers import new_id
from observations.intake import Sender, record_measurements
from observations.models import Code, MeasurementSource
from observations.readings import Reading
from submitters.models import Submitter
from tests.benchmarks.intake import population, sizes
from tests.benchmarks.ledger.databases import checkpoint, connect, working_on
from tests.benchmarks.results import Metric, measured, percentile

_FEW, _MANY = "benchmark_few_measurements", "benchmark_many_measurements"
_WARM_UP = 100
_SHARES = (50, 99)
_SENDER = Sender(MeasurementSource.API)


def run() -> list[Metric]:
    """Flat: milliseconds of taking in one measurement of a linked patient (`observations.intake`), one transaction, as the app's
    role with its usual settings, in two databases of one durable server (fsync on) with 20,000 and 20,000,000 of 5,000
    patients. 3,000 operations each, interleaved, patients from all over. Beside it the INSERT of a measurement by psycopg2 into the
    same table. The measurements that were there were written set-based, keys in order of time.
    """
    sides = [_Side(_FEW, sizes.FEW), _Side(_MANY, sizes.MANY)]
    checkpoint()
    with ExitStack() as stack:
        for side in sides:
            side.open(stack)
        for number in tqdm(range(-_WARM_UP, sizes.OPERATIONS), desc="single measurements", mininterval=1):
            for side in sample(sides, 2):
                side.step(measuring=number >= 0)
    few, many = sides
    return [*_absolute(few, "20,000"), *_absolute(many, "20,000,000"), *_ratios(few, many)]


class _Side:
    """One database, and what its operations took."""

    def __init__(self, database: str, number: int) -> None:
        self.database = database
        self.submitter: Submitter = population.build(database, number)
        self.ours: list[float] = []
        self.raw: list[float] = []
        with working_on(database):
            self._code_id = Code.objects.get(code="8867-4").pk
            self._patients = population.patients()

    def open(self, stack: ExitStack) -> None:
        """Connect as the app's role, for the raw statements."""
        self._connection = stack.enter_context(closing(connect(os.environ["DATABASE_URL"], self.database)))

    def step(self, *, measuring: bool) -> None:
        """One measurement by the engine, and one by hand."""
        took = self._by_the_engine(), self._by_hand()
        if measuring:
            self.ours.append(took[0])
            self.raw.append(took[1])

    def _some_patient(self) -> tuple[UUID, str]:
        return self._patients[randrange(len(self._patients))]  # noqa: S311 - no secret

    def _by_the_engine(self) -> float:
        reading = Reading(
            f"single-{new_id()}", self._some_patient()[1], "8867-4", Decimal(72), "/min", timezone.now()
        )
        with working_on(self.database):
            started = perf_counter()
            record_measurements(
                organisation_id=self.submitter.organisation_id, readings=[reading], sender=_SENDER
            )
            return (perf_counter() - started) * 1000

    def _by_hand(self) -> float:
        values = (
            str(new_id()),
            str(self.submitter.organisation_id),
            str(self._some_patient()[0]),
            self._code_id,
            f"raw-{new_id()}",
        )
        with self._connection.cursor() as cursor:
            started = perf_counter()
            cursor.execute(_INSERT, values)
            return (perf_counter() - started) * 1000


_INSERT = """
    INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity, unit, measured_at,
                                          utc_offset_minutes, source, due_at)
    VALUES (%s, %s, %s, %s, %s, 72, '/min', now(), 0, 'api', now())
"""


def _absolute(side: _Side, name: str) -> list[Metric]:
    return [
        measured(
            f"one measurement with {name} there, p{share}",
            percentile(side.ours, share / 100),
            percentile(side.raw, share / 100),
        )
        for share in _SHARES
    ]


def _ratios(few: _Side, many: _Side) -> list[Metric]:
    return [
        measured(
            f"one measurement, p{share} with 20,000,000 there / with 20,000",
            percentile(many.ours, share / 100) / percentile(few.ours, share / 100),
            percentile(many.raw, share / 100) / percentile(few.raw, share / 100),
        )
        for share in _SHARES
    ]
