"""The whole engine under a simulated vitals app."""

from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from observations.simulator.options import Options, Target
from observations.simulator.running import simulate
from observations.simulator.summary import Summary, Times
from tests.benchmarks.engine import running
from tests.benchmarks.intake import sizes
from tests.benchmarks.ledger.databases import working_on
from tests.benchmarks.results import Metric, measured

_DATABASE = "benchmark_simulated"
_ALL = {"web", "worker", "reruns", "scheduler"}
_ACTIVATIONS = 50
_MEASUREMENTS = 500
_NAME = "simulated, 50 activations and 500 measurements a second"


def run() -> list[Metric]:
    """Simulated: what `manage.py simulate_vitals` reports of 50 activations and 500 measurements a second, ten a request, for 60 s
    against web, workers and scheduler as `make run` starts them, the simulator on the same two cores. Missing or differing: of all
    answers, links, measurements and observations, what differs from what the simulator itself works out. Backlog: the median time
    until a result in the last quarter of the run, over that in the first. CPU: the simulator's own, of one core, while it sent.
    """
    with running(_DATABASE, _ALL) as engine:
        with working_on(_DATABASE):
            install_library(scripts=[GLUCOSE_7D])
        summary = simulate(
            Options(
                target=Target(
                    engine.address,
                    engine.caller.key,
                    str(engine.caller.organisation.pk),
                    str(engine.caller.submitter.pk),
                ),
                rate=_ACTIVATIONS,
                measurements_rate=_MEASUREMENTS,
                duration=sizes.SIMULATED_SECONDS,
                patients=_ACTIVATIONS * sizes.SIMULATED_SECONDS,
            )
        )
    print(summary.text())
    return [
        *_right(summary),
        *_times("linked", summary.until_linked),
        *_times("observed", summary.until_observed),
    ]


def _right(summary: Summary) -> list[Metric]:
    wrong = len(summary.differences) + summary.unanswered
    backlog = summary.backlog
    grown = (backlog.last_quarter or 0) / backlog.first_quarter if backlog.first_quarter else float("nan")
    return [
        measured(f"{_NAME}, missing or differing", wrong),
        measured(f"{_NAME}, measurements answered", sum(summary.readings.values())),
        measured(f"{_NAME}, requests waiting at the end", backlog.unsent),
        measured(f"{_NAME}, time to a result in the last quarter / the first", grown),
        measured(
            f"{_NAME}, the simulator's own CPU", 100 * summary.sending_cpu_seconds / summary.sending_seconds
        ),
    ]


def _times(what: str, times: Times) -> list[Metric]:
    return [
        measured(f"{_NAME}, accepted -> {what}, p{share}", 1000 * (value or 0))
        for share, value in ((50, times.p50), (99, times.p99))
    ]
