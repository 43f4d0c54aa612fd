"""Ctrl-C, SIGTERM and SIGHUP end what we run in order, whenever they come."""

import signal
from types import FrameType, TracebackType
from typing import Self


class StopRequested(KeyboardInterrupt):
    """We were asked to stop; a KeyboardInterrupt, so that nothing takes it for an error to go on after."""


class StopSignals:
    """As a context manager: the first stop signal raises StopRequested in the main thread, or is only noted.

    Later signals change nothing: a stop under way has deadlines of its own, and must not be cut short.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.raising = True
        self._previous: dict[signal.Signals, signal.Handlers | object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup: whoever asked that hanging up be ignored still wants that.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave us

    def _note(self, number: int, _frame: FrameType | None) -> None:
        first = self.received is None
        self.received = signal.Signals(number) if first else self.received
        if first and self.raising:
            raise StopRequested
