"""What one evaluation reads, among twenty thousand measurements and among twenty million."""

import os
from contextlib import ExitStack, closing
from datetime import timedelta
from random import randrange, sample
from time import perf_counter
from uuid import UUID

from django.utils import timezone
from tqdm import tqdm

from observations.computing.loading import load
from observations.computing.plan import current_plan
from tests.benchmarks.intake import population
from tests.benchmarks.intake import sizes as intake_sizes
from tests.benchmarks.ledger.databases import checkpoint, connect, working_on
from tests.benchmarks.results import Metric, measured, percentile
from tests.benchmarks.scripts import sizes
from tests.observations.scripts.writing import content, gives, publish, reads

_FEW, _MANY = "benchmark_few_read", "benchmark_many_read"
_WARM_UP = 100
_SHARES = (50, 99)
# As far back as each patient has one or two readings of each code in both databases.
_WINDOW_DAYS = 0.25


def run() -> list[Metric]:
    """Reading: milliseconds of reading one evaluation's inputs (`observations.computing.loading.load`): a patient's readings of
    four codes within six hours, the facts and the results that stand, in two databases with 20,000 and 20,000,000 measurements
    of 5,000 patients. 2,000 operations each, interleaved, patients from all over. Beside it the SELECT of those readings alone by
    psycopg2.
    """
    sides = [_Side(_FEW, intake_sizes.FEW), _Side(_MANY, intake_sizes.MANY)]
    checkpoint()
    with ExitStack() as stack:
        for side in sides:
            side.open(stack)
        for number in tqdm(range(-_WARM_UP, sizes.OPERATIONS), desc="evaluations' inputs", mininterval=1):
            for side in sample(sides, 2):
                side.step(measuring=number >= 0)
    few, many = sides
    return [
        *_absolute(few, "20,000"),
        *_absolute(many, "20,000,000"),
        *(
            measured(
                f"reading one evaluation's inputs, p{share} with 20,000,000 there / with 20,000",
                percentile(many.ours, share / 100) / percentile(few.ours, share / 100),
                percentile(many.raw, share / 100) / percentile(few.raw, share / 100),
            )
            for share in _SHARES
        ),
    ]


class _Side:
    """One database, and what its operations took."""

    def __init__(self, database: str, number: int) -> None:
        self.database = database
        self._organisation_id = population.build(database, number).organisation_id
        self.ours: list[float] = []
        self.raw: list[float] = []
        with working_on(database):
            self._patients = [patient for patient, _ in population.patients()]
            codes = population.codes()
            self._code_ids = [code.pk for code in codes]
            names = "abcd"
            publish(
                "four-codes",
                content(
                    f"result = {' + '.join(names)}",
                    {
                        name: reads(code.code, window_days=_WINDOW_DAYS)
                        for name, code in zip(names, codes, strict=True)
                    },
                    {"result": gives(unit="1")},
                ),
            )
            self._plan = current_plan()

    def open(self, stack: ExitStack) -> None:
        """Connect as the app's role, for the raw statements."""
        self._connection = stack.enter_context(closing(connect(os.environ["DATABASE_URL"], self.database)))

    def step(self, *, measuring: bool) -> None:
        """One evaluation's inputs by the engine, and by hand."""
        took = self._by_the_engine(self._some_patient()), self._by_hand(self._some_patient())
        if measuring:
            self.ours.append(took[0])
            self.raw.append(took[1])

    def _some_patient(self) -> UUID:
        return self._patients[randrange(len(self._patients))]  # noqa: S311 - no secret

    def _by_the_engine(self, patient: UUID) -> float:
        with working_on(self.database):
            started = perf_counter()
            load(self._plan, {patient: timezone.now()}, {patient: self._organisation_id})
            return (perf_counter() - started) * 1000

    def _by_hand(self, patient: UUID) -> float:
        since = timezone.now() - timedelta(days=_WINDOW_DAYS)
        with self._connection.cursor() as cursor:
            started = perf_counter()
            cursor.execute(_SELECT, [str(patient), self._code_ids, since])
            cursor.fetchall()
            return (perf_counter() - started) * 1000


_SELECT = """
    SELECT code_id, measured_at, client_id, id, value_quantity FROM observations_measurement
    WHERE patient_id = %s AND code_id = ANY(%s) AND measured_at > %s AND association_id IS NOT NULL AND status = 'final'
"""


def _absolute(side: _Side, name: str) -> list[Metric]:
    return [
        measured(
            f"reading one evaluation's inputs with {name} there, p{share}",
            percentile(side.ours, share / 100),
            percentile(side.raw, share / 100),
        )
        for share in _SHARES
    ]
