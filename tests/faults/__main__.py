"""`make faults` and `make faults ONLY=redis_hung`: run all scenarios, or some. Exits 1 when anything required is missed."""

import shutil
import sys
from collections.abc import Sequence

import django

django.setup()

from clinical_engine.running.environment import ROOT, VAR  # noqa: E402 - what follows loads models
from clinical_engine.running.progress import Progress  # noqa: E402
from clinical_engine.running.signals import StopSignals  # noqa: E402
from clinical_engine.running.throwaway import free_home  # noqa: E402
from tests.faults import latency, report  # noqa: E402
from tests.faults.engine import Engine  # noqa: E402
from tests.faults.rounds import LONG, Result, Scenario, fight  # noqa: E402
from tests.faults.scenarios import CONTROL, SCENARIOS  # noqa: E402
from tests.faults.servers import Servers, running_servers  # noqa: E402

RESULTS = VAR / "faults"
BLOCKS, ACTIVATIONS_OF_A_BLOCK = 20, 100


class Campaign:
    """All rounds of some scenarios, and what they gave."""

    def __init__(self, servers: Servers) -> None:
        self.progress = Progress()
        self.lines: list[report.Line] = []
        self._servers = servers
        self._control_seconds = 0.0

    def run(self, scenario: Scenario) -> None:
        """All rounds of a scenario, on an engine that no fault has touched before."""
        with self.progress.step(scenario.name):
            results = self._rounds(scenario)
        if scenario is CONTROL:
            # The shorter of them makes the stricter limit.
            self._control_seconds = min(result.caught_up_seconds for result in results)
        line = report.line_of(results, LONG.limit(self._control_seconds))
        self.lines.append(line)
        if not line.met:
            self.progress.say(f"    missed: {'; '.join(_shortcomings(results))}")

    def measure_latency(self) -> latency.Latency:
        """The API's time while Redis hangs."""
        with self.progress.step("activation, Redis hung"), self._engine("latency") as engine:
            return latency.measure(engine, blocks=BLOCKS, size=ACTIVATIONS_OF_A_BLOCK)

    def _rounds(self, scenario: Scenario) -> list[Result]:
        with self._engine(scenario.name) as engine:
            return [fight(scenario, engine, LONG, seed) for seed in LONG.seeds]

    def _engine(self, name: str) -> Engine:
        # Of the last run, to look into when something is missed; they hold no values.
        logs = RESULTS / "logs" / name
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        return Engine(self._servers, logs, LONG.environment)


def _shortcomings(results: Sequence[Result]) -> list[str]:
    found = [
        f"{what}: {count}"
        for result in results
        for counts in (result.verdict.lost, result.verdict.doubled, result.verdict.differs)
        for what, count in counts.items()
        if count
    ]
    found += [sentence for result in results for sentence in result.unmet]
    return found or ["caught up too late"]


def main(names: Sequence[str]) -> int:
    """Run the named scenarios, or all; 0 when all that is required holds, 2 for a name there is none of."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    if unknown := set(names) - set(known):
        sys.stdout.write(f"No scenario {', '.join(sorted(unknown))}. There are: {', '.join(known)}.\n")
        return 2
    with (
        free_home(VAR / "faults-servers", keep=False) as home,
        running_servers(home) as servers,
    ):
        campaign = Campaign(servers)
        for scenario in SCENARIOS:
            if not names or scenario is CONTROL or scenario.name in names:
                campaign.run(scenario)
        measured = campaign.measure_latency() if not names or "redis_hung" in names else None
    campaign.progress.say(f"\n{report.table(campaign.lines)}")
    if measured is not None:
        campaign.progress.say(report.sentence_about(measured))
    if not names and measured is not None:
        report.write_json(RESULTS / "faults.json", campaign.lines, measured)
        report.write_page(ROOT / "docs" / "faults.md", SCENARIOS, campaign.lines, measured, LONG)
        campaign.progress.say("written to docs/faults.md and var/faults/faults.json")
    return int(not all(line.met for line in campaign.lines) or (measured is not None and not measured.met))


if __name__ == "__main__":
    # Asked to stop, it ends what it started before it goes.
    with StopSignals():
        sys.exit(main(sys.argv[1:]))
