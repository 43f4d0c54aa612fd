"""The sending half of a run: senders in threads, fed with the plan, until all is answered or nothing is any more."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, process_time, sleep

from observations.simulator.actions import Action
from observations.simulator.answering import Difference
from observations.simulator.client import Client
from observations.simulator.options import Options
from observations.simulator.sending import Feeder, Sender
from observations.simulator.watching import Watcher

_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of a run: the clock, the CPU that was used by then, and how many requests were due and not sent."""

    at: float
    cpu: float
    unsent: int = 0


def moment(unsent: int = 0) -> Moment:
    """Now."""
    return Moment(monotonic(), process_time(), unsent)


class Delivery:
    """Sends the actions of a plan; its moments tell when that began, was over by the plan, and was all answered."""

    def __init__(self, options: Options, watcher: Watcher, client: Callable[[], Client]) -> None:
        self._options = options
        self._sender = Sender(options.target, watcher)
        self._threads = [
            threading.Thread(target=lambda: self._sender.work(client()), name=f"sender-{number}")
            for number in range(options.senders)
        ]
        self.began = moment()
        self.over: Moment | None = None
        self.drained: Moment | None = None

    @property
    def differences(self) -> Sequence[Difference]:
        """The answers that were not as they must be."""
        return self._sender.differences

    @property
    def unsent(self) -> int:
        """How many requests are due and have not been sent."""
        return self._sender.waiting.qsize()

    def run(self, actions: Sequence[Action], show: Callable[[], None]) -> None:
        """Send everything, and return when all is answered or no answer has come for as long as a run is to wait."""
        for thread in self._threads:
            thread.start()
        self.began = moment()
        feeder = Feeder(actions, self._options, self._sender.waiting.put)
        while not feeder.is_done and not self._is_stuck():
            feeder.feed()
            if feeder.elapsed >= self._options.duration:
                self._note_over()
            show()
        self._note_over()
        self._let_go()
        while self._is_busy() and not self._is_stuck():
            sleep(_LOOK)
            show()
        self.drained = moment()

    def abandon(self) -> None:
        """Send nothing more; the requests that are under way end with their answers. The clients must have been told before."""
        self._sender.forget()
        self._let_go()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _note_over(self) -> None:
        if self.over is None:
            self.over = moment(self.unsent)

    def _is_busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _is_stuck(self) -> bool:
        if self.over is None:
            return False
        since = max(self.over.at, self._sender.last_answer_at)
        return monotonic() - since > self._options.settle_seconds

    def _let_go(self) -> None:
        for _ in self._threads:
            self._sender.waiting.put(None)
