"""One round of a scenario: facts go in by HTTP while a fault strikes, and what came out is measured."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.faults.engine import Engine
from tests.faults.histories import World, made_up_requests
from tests.faults.load import Load
from tests.faults.outcome import is_worked_off, read
from tests.faults.verdict import Put, Verdict, judge


@dataclass(frozen=True)
class Form:
    """How much of it: the short form is for every run of the tests, the long one for `make faults`."""

    is_long: bool
    lease_seconds: int
    sweep_seconds: int
    patients: int
    clients: int
    times: int
    """How often a fault of a moment strikes within one round."""
    seeds: tuple[int, ...]
    patience_seconds: float
    slack_seconds: float
    """How much longer than it should a machine may take that others use at the same time."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the engine's processes run with."""
        return {
            "JOB_LEASE_SECONDS": str(self.lease_seconds),
            "SWEEP_INTERVAL_SECONDS": str(self.sweep_seconds),
            "RELEASE": "release-1",
            "FAULTS_FORMAT": "1",
        }

    def limit(self, control_seconds: float) -> float:
        """Within how many seconds after a fault all must be caught up."""
        return self.lease_seconds + self.sweep_seconds + 1.5 * control_seconds + self.slack_seconds


SHORT = Form(
    is_long=False,
    # Half of it is what one task may take, the first one of a process on a slow machine too.
    lease_seconds=10,
    sweep_seconds=1,
    patients=40,
    # One, so that the batch that is lost with its worker is a small one: its jobs are tried one by one afterwards.
    clients=1,
    times=1,
    seeds=(1,),
    patience_seconds=90,
    slack_seconds=30,
)
LONG = Form(
    is_long=True,
    lease_seconds=15,
    sweep_seconds=5,
    patients=150,
    clients=3,
    times=3,
    seeds=(1, 2),
    patience_seconds=300,
    slack_seconds=0,
)


@dataclass
class Round:
    """What a scenario works with: the engine, the load that is under way, and what it wants to be true beside the rest."""

    engine: Engine
    form: Form
    world: World
    load: Load
    jobs: list[str] = field(default_factory=list)
    deadly: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)

    def reach(self, share: float) -> None:
        """Return when that share of the load, which begins here, has been accepted. Raises TimeoutError, as `wait`."""
        self.load.start()
        self.wait(lambda: self.load.has_reached(share))

    def wait(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds. Raises TimeoutError when the form's patience is over before."""
        if not self.engine.wait(condition, self.form.patience_seconds):
            raise TimeoutError("what was waited for did not happen")

    def shares(self) -> list[float]:
        """At which shares of the load a fault of a moment strikes."""
        return [(number + 1) / (self.form.times + 1) for number in range(self.form.times)]

    def enqueue(self, kind: str, payloads: list[dict[str, Any]], web: str = "web") -> list[str]:
        """Put in jobs of one of the suite's own kinds, which must succeed; their ids."""
        ids = self.engine.enqueue(self.world, kind, payloads, web)
        self.jobs += ids
        return ids

    def is_caught_up(self) -> bool:
        """Whether all has been accepted and worked off."""
        return self.load.has_reached(1) and is_worked_off(self.engine.ask, self.world, but=tuple(self.deadly))

    @property
    def put(self) -> Put:
        """What has been accepted by now."""
        return Put(self.world, list(self.load.accepted.values()), self.jobs, self.deadly)

    def judge(self) -> Verdict:
        """What has become of it by now."""
        return judge(self.put, read(self.engine.ask, self.world))

    def require(self, *, holds: bool, sentence: str) -> None:
        """Note that something a scenario requires does not hold."""
        if not holds:
            self.unmet.append(sentence)


Strike = Callable[[Round], AbstractContextManager[float]]
"""Does the fault; gives the moment from which catching up counts; its end brings the engine back to where it was."""


@dataclass(frozen=True)
class Scenario:
    """A fault: its name, what it is in one sentence, how it is done."""

    name: str
    fault: str
    how: str
    strike: Strike


@dataclass(frozen=True)
class Result:
    """What one round gave."""

    scenario: Scenario
    put: Put
    verdict: Verdict
    resent: int
    restarts: int
    """Processes that ended by themselves and were started again."""
    caught_up_seconds: float
    unmet: tuple[str, ...]

    @property
    def accepted(self) -> int:
        """How many facts and jobs were accepted."""
        return len(self.put.facts) + len(self.put.jobs)

    def met(self, limit: float) -> bool:
        """Whether all that is required of the round holds."""
        return self.verdict.is_clean and not self.unmet and self.caught_up_seconds <= limit


def fight(scenario: Scenario, engine: Engine, form: Form, seed: int) -> Result:
    """One round. What the engine fails in is in the result."""
    world = engine.make_world()
    load = Load(engine.address(), world, made_up_requests(seed, form.patients), form.clients)
    round_ = Round(engine, form, world, load)
    restarts = engine.restarts
    seconds = form.patience_seconds
    try:
        with load, scenario.strike(round_) as ended:
            round_.wait(round_.is_caught_up)
            seconds = monotonic() - ended
            verdict = round_.judge()
    except TimeoutError as error:
        round_.unmet.append(str(error))
        verdict = round_.judge()
    engine.end_orphans()
    restarted = engine.restarts - restarts
    return Result(scenario, round_.put, verdict, load.resent, restarted, seconds, tuple(round_.unmet))
