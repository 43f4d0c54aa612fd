"""How long it takes until a result shows: a sample of what was accepted is asked for again and again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from observations.simulator.actions import Reading, Statement
from observations.simulator.client import Answer, Client, NoAnswerError

# The times are known to this, or to a tenth of themselves where that is more: asking oftener would slow down what is measured.
RESOLUTION = 0.05
_GROWTH = 0.1
_MOST = 25
_IDLE = 0.02


@dataclass(slots=True, eq=False)
class Watch:
    """One activation or reading that is watched since it was accepted (both times on the monotonic clock)."""

    action: Statement | Reading
    accepted_at: float
    next_at: float
    seen_at: float | None = None

    def waited(self, now: float) -> float:
        """The seconds until its result showed, or so far."""
        return (self.seen_at or now) - self.accepted_at


class Watcher:
    """Watches in a thread of its own. `rate` activations and as many readings a second are taken, and at most 25 at a time."""

    def __init__(self, client: Client, rate: float, ended: threading.Event) -> None:
        self.links: list[Watch] = []
        self.observations: list[Watch] = []
        self._client, self._interval, self._ended = client, 1 / rate, ended
        self._next = {Statement: 0.0, Reading: 0.0}
        self._thread = threading.Thread(target=self._watch, name="watcher")

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def join(self) -> None:
        """Return when the thread has ended, soon after `ended` was set."""
        self._thread.join()

    def offer(self, action: Statement | Reading) -> None:
        """Watch what was accepted just now, if it is one for the sample."""
        now, kind = monotonic(), type(action)
        into = self.links if isinstance(action, Statement) else self.observations
        if now < self._next[kind] or not _is_clear(action) or _waiting(into) >= _MOST:
            return
        self._next[kind] = now + self._interval
        into.append(Watch(action, now, now + RESOLUTION))

    def lag(self) -> float:
        """The seconds for which the one has waited that is waiting longest now."""
        now = monotonic()
        return max(
            (watch.waited(now) for watch in [*self.links, *self.observations] if watch.seen_at is None),
            default=0.0,
        )

    def _watch(self) -> None:
        with self._client:
            while not self._ended.wait(_IDLE):
                self._look_at(self.links, self._is_linked)
                self._look_at(self.observations, self._is_observed)

    def _look_at(self, watches: list[Watch], shows: Callable[[Watch], bool]) -> None:
        for watch in [one for one in watches if one.seen_at is None and one.next_at <= monotonic()]:
            self._look(watch, shows)

    def _look(self, watch: Watch, shows: Callable[[Watch], bool]) -> None:
        try:
            if shows(watch):
                watch.seen_at = monotonic()
        except NoAnswerError:
            pass
        now = monotonic()
        watch.next_at = now + max(RESOLUTION, _GROWTH * watch.waited(now))

    def _is_linked(self, watch: Watch) -> bool:
        said = watch.action
        answer = self._client.get(f"patients/{said.patient.id}")
        if isinstance(said, Statement) and answer.members.get("associations"):
            said.is_shown = True
            return True
        return False

    def _is_observed(self, watch: Watch) -> bool:
        reading = watch.action
        assert isinstance(reading, Reading)  # noqa: S101 - of `observations` only
        until = reading.measured_at + timedelta(seconds=1)
        answer = self._client.get(
            "observations",
            patient=reading.patient.id or "",
            since=reading.measured_at.isoformat(),
            until=until.isoformat(),
        )
        return _derives_from(answer, reading)


def _derives_from(answer: Answer, reading: Reading) -> bool:
    results = answer.members.get("results", ())
    return any(reading.measurement in result.get("derived_from", ()) for result in results)


def _waiting(watches: list[Watch]) -> int:
    return sum(watch.seen_at is None for watch in watches)


def _is_clear(action: Statement | Reading) -> bool:
    """Whether what it leads to must show and stay, whatever else is said of the patient."""
    if action.was_resent or action.patient.id is None or len(action.patient.statements) > 1:
        return False
    if isinstance(action, Statement):
        return True
    untouched = not any(
        action.client_id in {one.client_id for one in action.patient.retractions}
        or other.replaces == action.client_id
        for other in action.patient.readings
    )
    return untouched and action.outcome == "accepted" and action.content.code == "2339-0"
