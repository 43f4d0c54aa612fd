"""What it costs to count what statements cost."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from math import sqrt
from statistics import geometric_mean, median, stdev

from django.utils import timezone
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name says
from tqdm import tqdm

from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import kinds
from observations.intake import Sender, record_measurements
from observations.models import MeasurementSource
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from patients.models import Patient
from tests import factories
from tests.benchmarks.association.populations import leave_alone
from tests.benchmarks.engine import Engine
from tests.benchmarks.intake.bodies import Bodies, link_patients
from tests.benchmarks.ledger.backlogs import settle
from tests.benchmarks.ledger.databases import as_owner, checkpoint, create, working_on
from tests.benchmarks.memory import Growth
from tests.benchmarks.results import Metric, measured, percentile
from tests.benchmarks.slow_queries import sizes
from tests.benchmarks.slow_queries.cpu import added_microseconds
from tests.benchmarks.slow_queries.urls import QUERIES, by_fetch_all, by_the_orm
from tests.benchmarks.slow_queries.webs import Request, alternating, two_webs

_DATABASE = "benchmark_overhead"
_OBSERVED, _RESULTS = "patient-000000", 50
_WARM_UP = 20
_QUERIES_SHARE = 0.2
_RAW = "200 queries by the driver alone"
# By the address.
_QUERIES = {
    "200 queries by the ORM": "/queries/orm",
    "200 queries by fetch_all": "/queries/fetch_all",
    _RAW: "/queries/driver",
}
_SENDS = {"200 queries by the ORM": by_the_orm, "200 queries by fetch_all": by_fetch_all}


def run() -> list[Metric]:
    """Overhead: milliseconds of requests by real HTTP to two webs as `make run` starts them, on one database: one that captures
    its statements, as in production, and one that does not. Requests go to them in turns (A B, B A), on one connection each; each
    of the rounds begins with fresh webs. The ratio is the median of the rounds' own, of their p95 for the API and of their medians
    for requests that do nothing but send 200 queries for a row by its key; beside it the standard error of its rounds. All
    requests: of a round the geometric mean of its four kinds' ratios, which is four times as many requests as one kind's. Processor
    time: of all processes of a web for all requests to the API, and of a thread for one statement's capture. Memory: MB by which
    all processes of each web grew at their peaks over 1,000,000 statements, a tenth of which had a text of its own.
    """
    create(_DATABASE)
    with working_on(_DATABASE):
        caller = factories.caller()
    with as_owner(_DATABASE) as owner:
        leave_alone(owner)
        engine = Engine(_DATABASE, "", caller, owner)
        link_patients(engine)
        requests = _requests(engine, _observed_patient(engine))
        rounds = [
            _round(owner, caller.key, requests)
            for _ in tqdm(range(sizes.ROUNDS), desc="overhead", mininterval=1)
        ]
        return [*_of_api(rounds), *_of_queries(rounds), *_memory(caller.key)]


@dataclass(frozen=True)
class _Round:
    """Seconds with capture and without, by kind of request; and processor seconds of each web for all requests to the API."""

    took: Mapping[str, list[list[float]]]
    cpu: Sequence[float]


def _observed_patient(engine: Engine) -> str:
    """The id of a patient with some results."""
    sender = Sender(MeasurementSource.API)
    began = timezone.now() - timedelta(hours=_RESULTS)
    readings = [
        factories.reading(_OBSERVED, 100 + number, began + number * timedelta(hours=1))
        for number in range(_RESULTS)
    ]
    with working_on(engine.database):
        install_library(scripts=[GLUCOSE_7D])
        record_measurements(organisation_id=engine.caller.organisation.pk, readings=readings, sender=sender)
        for kind in kinds():
            worker.work(kind.name, "default")
        return str(Patient.objects.get(external_id=_OBSERVED).pk)


def _requests(engine: Engine, patient: str) -> Mapping[str, Callable[[], Request]]:
    bodies, numbers = Bodies(engine), count()

    def activation() -> Request:
        said = {
            "client_id": f"overhead-{next(numbers)}",
            "submitter": str(engine.caller.submitter.pk),
            "external_id": f"overhead-{next(numbers)}",
            "effective_at": "2026-01-01T00:00:00Z",
        }
        return Request("POST", "/api/v1/activations", json.dumps(said).encode())

    return {
        "POST of 1 measurement": lambda: Request("POST", "/api/v1/measurements", bodies.next(1)),
        "POST of 100 measurements": lambda: Request("POST", "/api/v1/measurements", bodies.next(100)),
        "POST of an activation": activation,
        "GET of a patient's observations": lambda: Request("GET", f"/api/v1/observations?patient={patient}"),
    }


def _round(owner: Connection, key: str, requests: Mapping[str, Callable[[], Request]]) -> _Round:
    settle(owner, "observations_measurement", "jobs_job", "patients_patient", "patients_statement")
    checkpoint()
    took: dict[str, list[list[float]]] = {}
    with two_webs(_DATABASE, key) as webs:
        before = [web.cpu_seconds() for web in webs]
        for name, request in requests.items():
            took[name] = alternating(webs, sizes.REQUESTS, _WARM_UP, request)
        cpu = [web.cpu_seconds() - seconds for web, seconds in zip(webs, before, strict=True)]
        for name, path in _QUERIES.items():
            number = round(sizes.REQUESTS * _QUERIES_SHARE)
            took[name] = alternating(webs, number, _WARM_UP, partial(Request, "GET", path))
    return _Round(took, cpu)


def _of_api(rounds: Sequence[_Round]) -> list[Metric]:
    metrics: list[Metric] = []
    by_kind = []
    for name in rounds[0].took:
        if name in _QUERIES:
            continue
        p95 = [[percentile(each, 0.95) for each in one.took[name]] for one in rounds]
        by_kind.append(p95)
        metrics += [
            *_ratio(f"{name}, p95", p95),
            measured(f"{name}, p95 with capture", median(counted for counted, _ in p95) * 1000),
        ]
    means = [list(map(geometric_mean, zip(*kinds, strict=True))) for kinds in zip(*by_kind, strict=True)]
    return [
        *_ratio("all requests to the API, p95", means),
        *metrics,
        *_ratio("processor time of a web for these requests", [one.cpu for one in rounds]),
    ]


def _of_queries(rounds: Sequence[_Round]) -> list[Metric]:
    raw = median(median(each) for one in rounds for each in one.took[_RAW]) * 1000
    metrics: list[Metric] = []
    for name in _QUERIES:
        if name == _RAW:
            continue
        medians = [list(map(median, one.took[name])) for one in rounds]
        added = median(counted - bare for counted, bare in medians) / QUERIES
        metrics += [
            measured(f"{name}, processor time of one's capture", added_microseconds(_DATABASE, _SENDS[name])),
            *_ratio(f"{name}, p50", medians),
            measured(f"{name}, p50 with capture", median(counted for counted, _ in medians) * 1000, raw),
            measured(f"{name}, time added to one", added * 1e6),
        ]
    return metrics


def _ratio(name: str, figures: Sequence[Sequence[float]]) -> list[Metric]:
    ratios = [counted / bare for counted, bare in figures]
    error = 1.25 * stdev(ratios) / sqrt(len(ratios)) if len(ratios) > 1 else 0.0
    return [
        measured(f"{name} with capture / without", median(ratios)),
        measured(f"{name} with capture / without, standard error", error),
    ]


def _memory(key: str) -> list[Metric]:
    with two_webs(_DATABASE, key) as webs:
        request = Request("GET", "/queries/own_texts")
        alternating(webs, 0, _WARM_UP, lambda: request)
        growths = [Growth(web.process_ids) for web in webs]
        for _ in tqdm(range(sizes.STATEMENTS // QUERIES), desc="memory", mininterval=1):
            for web in webs:
                web.seconds(request)
        names = (
            "growth of a web over 1,000,000 statements",
            "growth of a web over 1,000,000 statements, without capture",
        )
        return [measured(name, growth.megabytes()) for name, growth in zip(names, growths, strict=True)]
