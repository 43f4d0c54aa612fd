"""Saying everything that is planned, at its time: readings several to a request, the rest one by one."""

import heapq
import queue
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any

from observations.simulator.actions import Action, Progress, Reading, Retraction, Statement, Wanted
from observations.simulator.answering import (
    Certain,
    Difference,
    take_readings,
    take_retraction,
    take_statement,
)
from observations.simulator.client import Answer, Client, NoAnswerError
from observations.simulator.options import Options, Target
from observations.simulator.watching import Watcher

# Readings wait so long for others to fill their request.
_FULL_AFTER = 0.5
_LOOK_AGAIN = 0.05
Request = Sequence[Action]


@dataclass(slots=True)
class Sender:
    """Sends requests, each in one of several threads, and takes their answers."""

    target: Target
    watcher: Watcher
    differences: list[Difference] = field(default_factory=list)
    waiting: "queue.Queue[Request | None]" = field(default_factory=queue.Queue)
    last_answer_at: float = field(default_factory=monotonic)

    def work(self, client: Client) -> None:
        """Send what is waiting until None comes."""
        with client:
            while (request := self.waiting.get()) is not None:
                self._send(client, request)

    def forget(self) -> None:
        """Send nothing more of what is waiting."""
        with suppress(queue.Empty):
            while True:
                _note(self.waiting.get_nowait() or (), Progress.PLANNED)

    def _send(self, client: Client, request: Request) -> None:
        certain = {
            action.patient: [said for said in action.patient.statements if said.is_shown]
            for action in request
        }
        _note(request, Progress.SENT)
        try:
            answer = client.post(*self._request(request))
        except NoAnswerError:
            _note(request, Progress.UNANSWERED)
            return
        self.last_answer_at = monotonic()
        for action in request:
            action.was_resent = answer.was_resent
        wrong = list(self._take(request, answer, certain))
        self.differences += wrong
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _note(request, Progress.UNANSWERED)
        for action in request:
            if action.progress is Progress.SENT:
                action.progress = Progress.ANSWERED
                self._offer(action)

    def _request(self, request: Request) -> tuple[str, dict[str, Any]]:
        [*others, action] = request
        if isinstance(action, Statement):
            return "activations" if action.active else "deactivations", {
                "client_id": action.client_id,
                "submitter": self.target.submitter,
                "external_id": action.patient.external_id,
                "effective_at": action.effective_at.isoformat(),
            }
        if isinstance(action, Retraction):
            return _retraction(action, self.target.organisation)
        items = [one.as_json() for one in (*others, action) if isinstance(one, Reading)]
        return "measurements", {"organisation": self.target.organisation, "measurements": items}

    def _take(self, request: Request, answer: Answer, certain: Certain) -> Sequence[Difference]:
        action = request[0]
        if isinstance(action, Statement):
            return list(take_statement(action, answer))
        if isinstance(action, Retraction):
            return list(take_retraction(action, answer))
        return list(take_readings([one for one in request if isinstance(one, Reading)], answer, certain))

    def _offer(self, action: Action) -> None:
        if isinstance(action, Retraction) or (isinstance(action, Statement) and not action.active):
            return
        if isinstance(action, Statement | Reading) and action.wanted is Wanted.STORED:
            self.watcher.offer(action)


def _retraction(said: Retraction, organisation: str) -> tuple[str, dict[str, Any]]:
    body = {"reason": "Simulated: the wrong patient"}
    if said.by_id:
        return f"measurements/{said.target.measurement}/entered-in-error", body
    named = {"organisation": organisation, "client_id": said.client_id}
    return "measurements/entered-in-error", named | body


def _note(request: Request, progress: Progress) -> None:
    for action in request:
        action.progress = progress


class Feeder:
    """Hands the planned actions to the senders at their times."""

    def __init__(self, actions: Sequence[Action], options: Options, give: Callable[[Request], None]) -> None:
        self._agenda = [(action.due, position, action) for position, action in enumerate(actions)]
        heapq.heapify(self._agenda)
        self._options, self._give = options, give
        self._readings: list[Reading] = []
        self._oldest = 0.0
        self._begin = monotonic()

    @property
    def is_done(self) -> bool:
        """Whether everything has been handed over."""
        return not self._agenda and not self._readings

    @property
    def elapsed(self) -> float:
        """The seconds since the start."""
        return monotonic() - self._begin

    def feed(self) -> None:
        """Hand over what is due by now, and wait a moment for the next."""
        now = self.elapsed
        while self._agenda and self._agenda[0][0] <= now:
            _, position, action = heapq.heappop(self._agenda)
            self._hand_over(action, position, now)
        if self._readings and (now - self._oldest > _FULL_AFTER or not self._agenda):
            self._flush()
        following = self._agenda[0][0] - now if self._agenda else 0.0
        sleep(min(max(following, 0.0), _LOOK_AGAIN))

    def _hand_over(self, action: Action, position: int, now: float) -> None:
        needed = action.needs.progress if action.needs is not None else Progress.ANSWERED
        if needed is Progress.UNANSWERED:
            action.progress = Progress.UNANSWERED
        elif needed is not Progress.ANSWERED:
            heapq.heappush(self._agenda, (now + _LOOK_AGAIN, position, action))
        elif isinstance(action, Reading):
            self._add(action, now)
        else:
            self._give([action])

    def _add(self, reading: Reading, now: float) -> None:
        if not self._readings:
            self._oldest = now
        self._readings.append(reading)
        if len(self._readings) >= self._options.readings_per_request:
            self._flush()

    def _flush(self) -> None:
        self._give(self._readings)
        self._readings = []
