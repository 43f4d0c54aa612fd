"""Linking and unlinking one patient, among ten thousand and among ten million."""

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from random import sample
from time import perf_counter

from django.db import transaction
from django.utils import timezone
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.common.identifiers import new_id
from patients import services
from patients.folding import fold_periods
from submitters.models import Submitter
from tests import factories
from tests.benchmarks.association import populations, sizes
from tests.benchmarks.association.populations import Patient, Population
from tests.benchmarks.ledger.databases import checkpoint, connect, working_on
from tests.benchmarks.results import Metric, measured, percentile

_FEW, _MANY = "benchmark_few", "benchmark_many"
_WARM_UP = 50
_VERBS = ("link", "unlink")
_SHARES = (50, 99)


def run() -> list[Metric]:
    """One patient: milliseconds of accepting a statement about a known patient (`patients.services`) and of folding its periods
    (`patients.folding`), one transaction each, as the app's role with its usual settings, in two databases of one durable server
    (fsync on) with 10,000 and 10,000,000 open associations of one submitter. 5,000 operations each, interleaved; every operation
    is about another patient, from all over the keys, and as many are linked as unlinked. Beside it the single INSERT or UPDATE of
    an association by psycopg2, in the same tables under the same constraints, about other patients. The rows were made set-based,
    keys in order; each linked patient has one statement.
    """
    sides = [_side(_FEW, sizes.FEW), _side(_MANY, sizes.MANY)]
    checkpoint()
    with ExitStack() as stack:
        for side in sides:
            side.open(stack)
        for number in tqdm(range(-_WARM_UP, sizes.OPERATIONS), desc="single links", mininterval=1):
            for side in sample(sides, 2):
                side.step(measuring=number >= 0)
    return [*_absolute(sides), *_ratios(*sides)]


def _side(database: str, linked: int) -> "_Side":
    # The warm-up unlinks those whom it linked.
    unlinked = 2 * (sizes.OPERATIONS + _WARM_UP)
    return _Side(populations.build(database, linked=linked, unlinked=unlinked))


class _Side:
    """One database, whom its operations will be about, and what they took."""

    def __init__(self, population: Population) -> None:
        self.population = population
        absent = population.some(population.unlinked, linked=False)
        present = population.some(2 * sizes.OPERATIONS, linked=True)
        warming = absent[: 2 * _WARM_UP]
        self._absent = {True: absent[::2], False: absent[1::2]}
        self._present = {True: warming[::2] + present[::2], False: warming[1::2] + present[1::2]}
        self.figures: dict[tuple[str, bool], list[float]] = {
            (verb, ours): [] for verb in _VERBS for ours in (True, False)
        }
        self._step = 0

    def open(self, stack: ExitStack) -> None:
        """Connect as the app's role, for the raw statements."""
        url = os.environ["DATABASE_URL"]
        self._raw = stack.enter_context(closing(connect(url, self.population.database)))

    def step(self, *, measuring: bool) -> None:
        """One link and one unlink by the engine, and one of each by hand."""
        for verb, pools in zip(_VERBS, (self._absent, self._present), strict=True):
            for ours in (True, False):
                took = self._do(verb, pools[ours][self._step], ours=ours)
                if measuring:
                    self.figures[verb, ours].append(took)
        self._step += 1

    def _do(self, verb: str, patient: Patient, *, ours: bool) -> float:
        submitter = self.population.submitter
        if not ours:
            return by_hand(self._raw, _RAW[verb], submitter, patient)
        with working_on(self.population.database):
            return by_the_engine(_ACCEPT[verb], submitter, patient)


_ACCEPT: dict[str, Callable[..., list[services.Accepted]]] = {
    "link": services.activate,
    "unlink": services.deactivate,
}
INSERT = (
    "INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at)"
    " VALUES (%(organisation)s, %(patient)s, %(submitter)s, %(at)s)"
)
_RAW = {
    "link": INSERT,
    "unlink": "UPDATE patients_association SET dissociated_at = %(at)s"
    " WHERE patient_id = %(patient)s AND submitter_id = %(submitter)s AND dissociated_at IS NULL",
}


def by_the_engine(
    accept: Callable[..., list[services.Accepted]], submitter: Submitter, patient: Patient
) -> float:
    """Milliseconds of accepting a statement and folding the periods that it is about, two transactions."""
    statement = services.NewStatement(f"single-{new_id()}", patient.external_id, timezone.now())
    started = perf_counter()
    [answer] = accept(submitter=submitter, statements=[statement], origin=factories.BY_IMPORT)
    with transaction.atomic():
        fold_periods(statement_ids=[answer.statement_id])
    return (perf_counter() - started) * 1000


def by_hand(raw: Connection, statement: str, submitter: Submitter, patient: Patient) -> float:
    """Milliseconds of the one statement that changes one association. Raises RuntimeError when it changed none."""
    values = {
        "organisation": str(submitter.organisation_id),
        "submitter": str(submitter.pk),
        "patient": str(patient.id),
        "at": timezone.now(),
    }
    with raw.cursor() as cursor:
        started = perf_counter()
        cursor.execute(statement, values)
        took = perf_counter() - started
        if cursor.rowcount != 1:
            raise RuntimeError("The association to change was not there.")
    return took * 1000


def _absolute(sides: list[_Side]) -> list[Metric]:
    return [
        measured(
            f"{verb} one patient with {name} open associations, p{share}",
            percentile(side.figures[verb, True], share / 100),
            percentile(side.figures[verb, False], share / 100),
        )
        for verb in _VERBS
        for share in _SHARES
        for side, name in zip(sides, ("10,000", "10,000,000"), strict=True)
    ]


def _ratios(few: _Side, many: _Side) -> list[Metric]:
    def ratio(verb: str, share: int, *, ours: bool) -> float:
        return percentile(many.figures[verb, ours], share / 100) / percentile(
            few.figures[verb, ours], share / 100
        )

    return [
        measured(
            f"{verb} one patient, p{share} with 10,000,000 open associations / with 10,000",
            ratio(verb, share, ours=True),
            ratio(verb, share, ours=False),
        )
        for verb in _VERBS
        for share in _SHARES
    ]
