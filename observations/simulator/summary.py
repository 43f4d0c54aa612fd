"""What a run came to: for people, and as JSON."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from observations.simulator.answering import Difference
from observations.simulator.watching import RESOLUTION

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from an answer until its result showed: of the sample, and how many of it never did. None where there are none."""

    number: int
    p50: float | None
    p99: float | None
    unseen: int


def times_of(seconds: Sequence[float], unseen: int = 0) -> Times:
    """The median and the 99th percentile of the seconds, by nearest rank."""
    return Times(len(seconds), percentile(seconds, 50), percentile(seconds, 99), unseen)


def percentile(values: Sequence[float], percent: int) -> float | None:
    """The smallest of the values that so many percent of them do not exceed; None of none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Backlog:
    """Whether work piled up while it was sent: requests that were due and not sent, and results that took ever longer."""

    unsent: int
    first_quarter: float | None
    last_quarter: float | None
    drained_after: float
    """The seconds from the end of sending until everything was answered."""

    @property
    def grew(self) -> bool:
        """Whether it did: the last quarter's results took over a second and twice as long as the first's, or requests piled up."""
        slower = False
        if self.first_quarter is not None and self.last_quarter is not None:
            slower = self.last_quarter > 2 * self.first_quarter + 1
        return slower or self.drained_after > 5  # noqa: PLR2004 - a second or so is the last requests' own


@dataclass(frozen=True, slots=True)
class Summary:
    """What was sent, what was answered, what was found, and how long it took (seconds)."""

    run: str
    seed: int
    interrupted: bool
    patients: int
    compared: int
    right: int
    linked: int
    compared_readings: int
    compared_observations: int
    statements: Mapping[str, int]
    readings: Mapping[str, int]
    retractions: Mapping[str, int]
    unsent: int
    unanswered: int
    silence: str
    """Why the engine gave no answer when patients were to be read back last; '' when it gave one."""
    wrong_answers: int
    """How many of the differences were in an answer, not in what was read back."""
    differences: Sequence[Difference]
    until_linked: Times
    until_observed: Times
    backlog: Backlog
    requests: int
    resent: int
    troubles: Mapping[str, int]
    sending_seconds: float
    total_seconds: float
    sending_cpu_seconds: float
    total_cpu_seconds: float

    @property
    def is_as_expected(self) -> bool:
        """Whether nothing is missing and nothing differs from what the simulator works out; False of an interrupted run."""
        missing = self.unsent or self.unanswered or self.right < self.patients
        return not (self.interrupted or self.differences or missing)

    def as_json(self) -> str:
        """All of it, and the two judgements."""
        judged = {"as_expected": self.is_as_expected, "backlog_grew": self.backlog.grew}
        return json.dumps({**judged, **asdict(self)}, indent=2)

    def text(self) -> str:
        """All of it as a table and sentences."""
        return "\n".join([*self._table(), "", *self._sentences(), "", *self._verdict()])

    def _table(self) -> Iterator[str]:
        for title, counts in (
            ("activations and deactivations", self.statements),
            ("readings", self.readings),
            ("entered in error", self.retractions),
        ):
            yield _row(title, sum(counts.values()))
            for outcome, number in counts.items():
                yield _row(f"  {outcome}", number)
        yield _row("patients", self.patients)
        yield _row("  linked as stated", self.linked)
        yield _row("  everything as expected", self.right)
        yield _row("    their readings", self.compared_readings)
        yield _row("    their current observations", self.compared_observations)
        yield _row("requests while sending", self.requests)
        yield _row("  sent again", self.resent)
        for trouble, number in sorted(self.troubles.items()):
            yield _row(f"  without an answer: {trouble}", number)
        yield _row("not sent", self.unsent)
        yield _row("not answered", self.unanswered)
        yield _row("missing or differing", len(self.differences))

    def _sentences(self) -> Iterator[str]:
        yield _of_times("From an activation's answer until the link shows", self.until_linked)
        yield _of_times("From a reading's answer until its observation shows", self.until_observed)
        yield (
            f"Both by asking again for some of them: each time is up to {RESOLUTION} s or a tenth of itself too long."
        )
        if not self.interrupted:
            yield self._of_backlog()
        share = 100 * self.sending_cpu_seconds / self.sending_seconds if self.sending_seconds else 0
        yield (
            f"The simulator's own CPU: {self.sending_cpu_seconds:.1f} s in {self.sending_seconds:.1f} s of sending"
            f" ({share:.0f} % of one core), {self.total_cpu_seconds:.1f} s in {self.total_seconds:.1f} s with reading back."
        )

    def _of_backlog(self) -> str:
        backlog = self.backlog
        grew = "A backlog grew" if backlog.grew else "No backlog grew"
        quarters = (_seconds(backlog.first_quarter), _seconds(backlog.last_quarter))
        return (
            f"{grew}: results took {quarters[0]} in the first quarter and {quarters[1]} in the last (p50);"
            f" {backlog.unsent:,} requests waited when the time was over, the last answer came {backlog.drained_after:.1f} s later."
        )

    def _verdict(self) -> Iterator[str]:
        if self.interrupted:
            yield f"Interrupted: {self.compared:,} of {self.patients:,} patients were compared."
        for difference in self.differences[:_SHOWN]:
            yield f"  {difference}"
        if len(self.differences) > _SHOWN:
            yield f"  ... and {len(self.differences) - _SHOWN:,} more (--json lists all)."
        if self.unanswered:
            yield f"{self.unanswered:,} got no answer; what became of their patients is not known."
        if self.is_as_expected:
            yield "Nothing is missing, nothing differs."
        elif not self.interrupted:
            wrong = f"{self.patients - self.right:,} of {self.patients:,} patients"
            yield f"NOT as expected: {wrong}, and {self.wrong_answers:,} answers."
            yield from self._hint()

    def _hint(self) -> Iterator[str]:
        if self.silence or (self.troubles and not self.compared):
            why = self.silence or ", ".join(sorted(self.troubles))
            yield f"The engine does not answer ({why}): does its web run?"
        elif self.compared and not self.linked and not self.until_linked.number:
            yield "No links at all: do the workers run (/health/ready)?"
        elif {difference.what for difference in self.differences} == {"the observation"}:
            yield "Only observations are missing: is the script glucose-7d installed (manage.py load_scripts)?"


def _row(title: str, number: int) -> str:
    return f"{title:<40}{number:>10,}"


def _of_times(title: str, times: Times) -> str:
    unseen = f", {times.unseen:,} never did" if times.unseen else ""
    return (
        f"{title}: p50 {_seconds(times.p50)}, p99 {_seconds(times.p99)} ({times.number:,} watched{unseen})."
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
