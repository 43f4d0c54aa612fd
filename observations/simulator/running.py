"""A whole run: sending, waiting, comparing, and the summary."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from time import monotonic
from urllib.parse import urlsplit

from observations.simulator.actions import Action, Progress, Reading, Retraction, Statement
from observations.simulator.client import Client, NoAnswerError, Traffic
from observations.simulator.delivery import Delivery, moment
from observations.simulator.options import CannotSimulateError, Options, Target
from observations.simulator.planning import plan
from observations.simulator.progress import Show
from observations.simulator.settling import Settling, comparable
from observations.simulator.summary import Backlog, Summary, Times, percentile, times_of
from observations.simulator.watching import Watch, Watcher

_PATIENCE_AT_START = 5.0


def simulate(options: Options, *, show: Show | None = None) -> Summary:
    """Play the vitals app against the engine of `options.target`, and compare everything that it makes of it.

    Returns after the last comparison, or when it is interrupted from the keyboard; `show` is told how far it is. Raises
    CannotSimulateError when the engine does not answer or does not take the key.
    """
    _check(options.target)
    run = _Run(options, show or _show_nothing)
    try:
        run.send()
        run.compare()
    except KeyboardInterrupt:
        run.is_interrupted = True
    finally:
        run.end()
    return run.summary()


def _show_nothing(line: Callable[[], str]) -> None:
    del line


def require_engine(url: str) -> None:
    """Raise CannotSimulateError unless an engine answers at the address; nothing is said to it but that nobody asks."""
    status = _status(Target(url, "", "", ""), {})
    if status != HTTPStatus.UNAUTHORIZED:
        raise CannotSimulateError(f"What answers at {url} is no engine: status {status}.")


def _require_address(url: str) -> None:
    try:
        address = urlsplit(url)
        is_one = address.scheme in {"http", "https"} and bool(address.hostname) and address.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise CannotSimulateError("--url: must be an address such as http://127.0.0.1:8000.")


def _check(target: Target) -> None:
    status = _status(target, {"organisation": target.organisation, "external_id": "nobody"})
    if status != HTTPStatus.NOT_FOUND:
        what = {HTTPStatus.UNAUTHORIZED: "key", HTTPStatus.FORBIDDEN: "scopes of the key"}.get(
            HTTPStatus(status), "request"
        )
        raise CannotSimulateError(f"The engine at {target.url} does not take the {what}: status {status}.")


def _status(target: Target, asked: Mapping[str, str]) -> int:
    _require_address(target.url)
    try:
        with Client(target, Traffic(), threading.Event(), _PATIENCE_AT_START) as client:
            return client.post("patients/lookup", asked).status
    except NoAnswerError as error:
        raise CannotSimulateError(f"No engine answers at {target.url} ({error}).") from None


class _Run:
    def __init__(self, options: Options, show: Show) -> None:
        self.is_interrupted = False
        self._options, self._show = options, show
        self._ended = threading.Event()
        self._traffic, self._asked = Traffic(), Traffic()
        self._plan = plan(options, datetime.now(UTC).replace(microsecond=0))
        self._watcher = Watcher(self._client(self._asked), options.samples_per_second, self._ended)
        self._delivery = Delivery(options, self._watcher, partial(self._client, self._traffic))
        self._settling = Settling(
            partial(self._client, self._asked), options.target.organisation, self._ended
        )

    def _client(self, traffic: Traffic) -> Client:
        return Client(self._options.target, traffic, self._ended, self._options.settle_seconds)

    def send(self) -> None:
        """Say everything at its time, and wait for the answers."""
        self._watcher.start()
        self._delivery.run(self._plan.actions, lambda: self._show(self._sending))

    def compare(self) -> None:
        """Wait until everything has become what it must, and find out what has not."""
        self._settling.settle(
            comparable(self._plan.patients),
            self._options.settle_seconds,
            lambda: self._show(self._comparing),
        )

    def end(self) -> None:
        """Stop everything that still runs, and wait for it."""
        self._ended.set()
        self._delivery.abandon()
        self._watcher.join()

    def summary(self) -> Summary:
        """What it came to."""
        now, began = moment(), self._delivery.began
        drained = self._delivery.drained or now
        settling = self._settling
        return Summary(
            run=self._options.run,
            seed=self._options.seed,
            interrupted=self.is_interrupted,
            patients=len(self._plan.patients),
            compared=settling.right + len(settling.differing),
            right=settling.right,
            linked=settling.linked,
            compared_readings=settling.readings,
            compared_observations=settling.observations,
            statements=self._outcomes(Statement),
            readings=self._outcomes(Reading),
            retractions=self._outcomes(Retraction),
            unsent=self._in(Progress.PLANNED),
            unanswered=self._in(Progress.SENT, Progress.UNANSWERED),
            silence=settling.silence,
            wrong_answers=len(self._delivery.differences),
            differences=[*self._delivery.differences, *settling.differences],
            until_linked=_times(self._watcher.links),
            until_observed=_times(self._watcher.observations),
            backlog=self._backlog(),
            requests=self._traffic.requests,
            resent=self._traffic.resent,
            troubles=dict(self._traffic.troubles + self._asked.troubles),
            sending_seconds=drained.at - began.at,
            total_seconds=now.at - began.at,
            sending_cpu_seconds=drained.cpu - began.cpu,
            total_cpu_seconds=now.cpu - began.cpu,
        )

    def _in(self, *progress: Progress) -> int:
        return sum(action.progress in progress for action in self._plan.actions)

    def _outcomes(self, kind: type[Action]) -> dict[str, int]:
        answered = [one for one in self._plan.actions if isinstance(one, kind) and one.outcome]
        return dict(sorted(Counter(action.outcome for action in answered).items()))

    def _backlog(self) -> Backlog:
        delivery = self._delivery
        over = delivery.over or moment(delivery.unsent)
        drained = delivery.drained or moment()
        quarter = (over.at - delivery.began.at) / 4
        watches = [*self._watcher.links, *self._watcher.observations]
        first = [one for one in watches if one.accepted_at < delivery.began.at + quarter]
        last = [one for one in watches if over.at - quarter <= one.accepted_at <= over.at]
        return Backlog(over.unsent, _median(first), _median(last), drained.at - over.at)

    def _sending(self) -> str:
        answered = self._in(Progress.ANSWERED)
        sent = answered + self._in(Progress.SENT, Progress.UNANSWERED)
        return " | ".join(
            (
                f"{monotonic() - self._delivery.began.at:.0f} of {self._options.duration:.0f} s",
                f"{sent:,} sent, {answered:,} answered of {len(self._plan.actions):,}",
                f"linked {_so_far(self._watcher.links)}",
                f"observed {_so_far(self._watcher.observations)}",
                f"{self._delivery.unsent:,} behind, {self._traffic.resent:,} sent again, oldest waits {self._watcher.lag():.1f} s",
            )
        )

    def _comparing(self) -> str:
        settling = self._settling
        left = self._options.settle_seconds - (monotonic() - settling.last_progress_at)
        return (
            f"reading back: {settling.right:,} of {len(self._plan.patients):,} patients as expected,"
            f" {len(settling.differing):,} not yet (gives up {max(left, 0):.0f} s after the last one that became so)"
        )


def _times(watches: Sequence[Watch]) -> Times:
    seen = [watch.waited(0) for watch in watches if watch.seen_at is not None]
    return times_of(seen, unseen=len(watches) - len(seen))


def _median(watches: Iterable[Watch]) -> float | None:
    now = monotonic()
    return percentile([watch.waited(now) for watch in watches], 50)


def _so_far(watches: Sequence[Watch]) -> str:
    times = _times(watches)
    if times.p50 is None or times.p99 is None:
        return "-"
    return f"p50 {times.p50:.2f} s p99 {times.p99:.2f} s"
