"""One patient's readings in any order."""

import json
from datetime import timedelta
from random import Random
from time import perf_counter

from django.db import transaction

from observations.models import Observation
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients import services
from patients.folding import fold_periods
from tests import factories
from tests.benchmarks.engine import Engine, running
from tests.benchmarks.ledger.databases import working_on
from tests.benchmarks.results import Metric, measured
from tests.benchmarks.scripts import sizes
from tests.factories import NOON

_DATABASE = "benchmark_shuffled"
_ALL = {"web", "worker", "scheduler"}
_A_REQUEST = 10
_APART = timedelta(hours=2)
_PATIENTS = {"in order": "orderly", "shuffled": "shuffled"}


def run() -> list[Metric]:
    """Shuffled: how often the script glucose-7d (all readings of seven days, a reading every two hours) was evaluated until a
    patient's 5,000 readings, posted ten a request one after the other to a running engine, had all their results; in order of
    time, and shuffled. Every evaluation leaves a row, current or superseded. Beside it the results that stand in the end.
    """
    with running(_DATABASE, _ALL) as engine:
        with working_on(_DATABASE):
            install_library(scripts=[GLUCOSE_7D])
            _link(engine)
        metrics = []
        evaluations = {}
        for order, name in _PATIENTS.items():
            started = perf_counter()
            _send(engine, name, shuffled=order == "shuffled")
            engine.wait_until_idle()
            took = perf_counter() - started
            evaluations[order], current = _counts(engine, name)
            metrics += [
                measured(f"evaluations for 5,000 readings {order}", evaluations[order], current),
                measured(f"5,000 readings {order}, until all results stand", took),
            ]
    ratio = evaluations["shuffled"] / evaluations["in order"]
    return [*metrics, measured("evaluations, shuffled / in order", ratio)]


def _link(engine: Engine) -> None:
    said = [factories.statement(name, NOON - (sizes.SHUFFLED + 1) * _APART) for name in _PATIENTS.values()]
    accepted = services.activate(
        submitter=engine.caller.submitter, statements=said, origin=factories.BY_IMPORT
    )
    with transaction.atomic():
        fold_periods(statement_ids=[each.statement_id for each in accepted])


def _send(engine: Engine, name: str, *, shuffled: bool) -> None:
    order = list(range(sizes.SHUFFLED))
    if shuffled:
        Random(1).shuffle(order)  # noqa: S311 - no secret
    for start in range(0, len(order), _A_REQUEST):
        readings = [_reading(name, number) for number in order[start : start + _A_REQUEST]]
        body = {"organisation": str(engine.caller.organisation.pk), "measurements": readings}
        engine.post("measurements", json.dumps(body).encode())


def _reading(name: str, number: int) -> dict[str, object]:
    return {
        "client_id": f"{name}-{number:06d}",
        "external_id": name,
        "code": "2339-0",
        "value": 70 + number % 120,
        "unit": "mg/dL",
        "measured_at": (NOON - sizes.SHUFFLED * _APART + number * _APART).isoformat(),
    }


def _counts(engine: Engine, name: str) -> tuple[int, int]:
    """How many results there ever were, and how many stand. Raises RuntimeError when a reading has none."""
    with working_on(engine.database):
        rows = Observation.objects.filter(patient__external_id=name)
        every, current = rows.count(), rows.filter(superseded_at=None).count()
    if current != sizes.SHUFFLED:
        raise RuntimeError(f"{current} results stand of {sizes.SHUFFLED} readings.")
    return every, current
