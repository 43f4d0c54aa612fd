"""What the statements of a thread are sent for: a request, a batch of jobs, a task, or nothing that has a name."""

import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar, cast

from clinical_engine.profiling.capture.places import Place, Sent


class Execution(NamedTuple):
    """One execution of a statement, without its values."""

    text: str
    place: Place | None
    seconds: float
    rows: int
    parameters: int
    values: int
    size: int
    """Bytes of the statement as it was sent, values included."""
    sqlstate: str | None
    """None where it succeeded; '' where it failed and PostgreSQL did not say why."""


Fields: TypeAlias = tuple[str, Place | None, float, int, int, int, int, str | None]
"""An execution's, in their order: to make an `Execution` of them takes several times as long."""

Sink: TypeAlias = Callable[[str, list[Fields], Mapping[Sent, int] | None], None]
"""Takes an origin, executions, and how often each statement was sent from each place within the unit, where that may matter."""

# So many executions are handed on at once: a unit that never ends must not fill the memory.
_AT_ONCE = 500
_WORTH_COUNTING = 10
_MOST_COUNTED = 2_000


class Unit:
    """One request, batch of jobs or task: what it sends is handed on when it ends."""

    __slots__ = ("_executions", "_origin", "_repeated", "_sink")

    def __init__(self, origin: Callable[[], str], sink: Sink) -> None:
        self._origin = origin
        self._sink = sink
        self._executions: list[Fields] = []
        self._repeated: dict[Sent, int] = {}

    def add(self, execution: Fields) -> None:
        """Note an execution."""
        executions = self._executions
        executions.append(execution)
        if len(executions) >= _AT_ONCE:
            self.hand_on()

    def hand_on(self) -> None:
        """Give what was noted so far to the sink."""
        executions, self._executions = self._executions, []
        if not executions:
            return
        worth_it = self._repeated or len(executions) >= _WORTH_COUNTING
        self._sink(self._origin(), executions, self._counted(executions) if worth_it else None)

    def forget(self) -> None:
        """Drop what was noted so far."""
        self._executions = []

    def _counted(self, executions: list[Fields]) -> Mapping[Sent, int]:
        repeated, found = self._repeated, {}
        sent = Counter(map(_sent, executions))
        alike = {each: (_without_values(each[0]), each[1]) for each in sent}
        for each, times in sent.items():
            if alike[each] in repeated or len(repeated) < _MOST_COUNTED:
                repeated[alike[each]] = repeated.get(alike[each], 0) + times
        for each, times in sent.items():
            found[each] = repeated.get(alike[each], times)
        return found


_sent: Callable[[Fields], Sent] = itemgetter(0, 1)
# One query for each row may have its value written into the text, or a list that is longer each time.
_VALUES = re.compile(r"'[^']*'|[0-9]+|%s(?:, ?%s)+")


@lru_cache(maxsize=1_000)
def _without_values(text: str) -> str:
    return _VALUES.sub("%s", text[:4096])


class _Nameless:
    """What belongs to no unit: a command, a thread. Each execution is handed on at once, since nothing says when it ends."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add(self, execution: Fields) -> None:
        """Hand an execution on."""
        self._sink(_NAMELESS, [execution], None)


def _name() -> str:
    program = Path(sys.argv[0]).name if sys.argv else ""
    if program == "manage.py" and len(sys.argv) > 1:
        return f"command {sys.argv[1]}"
    return "outside of requests and jobs"


_NAMELESS = _name()


class _Overheard:
    """What is noted here is told to a listener, too."""

    __slots__ = ("_inner", "_listener")

    def __init__(self, inner: "Noting | None", listener: Callable[[Execution], None]) -> None:
        self._inner, self._listener = inner, listener

    def add(self, execution: Fields) -> None:
        """Hand an execution on."""
        if self._inner is not None:
            self._inner.add(execution)
        self._listener(Execution(*execution))


Noting: TypeAlias = Unit | _Nameless | _Overheard


class _Local(threading.local):
    unit: Unit | _Overheard | None = None


_Part = TypeVar("_Part")
_END = object()
running = _Local()
"""The running thread's innermost unit."""
_sink: Sink | None = None
_nameless: _Nameless | None = None


def capture_into(sink: Sink | None) -> Sink | None:
    """Hand all that this process sends from now on to `sink`; None stops it. What it was handed to until now."""
    global _sink, _nameless  # noqa: PLW0603 - one for the whole process is the purpose
    before, _sink = _sink, sink
    _nameless = None if sink is None else _Nameless(sink)
    return before


def current() -> Noting | None:
    """What the running thread's statements are noted in; None where they are not."""
    return running.unit or _nameless


@contextmanager
def unit_of_work(origin: str | Callable[[], str]) -> Iterator[None]:
    """Count what is sent in here as sent for `origin`; a function is asked when the unit ends. Units may be nested."""
    if _sink is None:
        yield
        return
    unit = Unit(origin if callable(origin) else lambda: origin, _sink)
    try:
        with _within(unit):
            yield
    finally:
        unit.hand_on()


def in_parts(parts: Iterable[_Part], origin: Callable[[], str]) -> Iterator[_Part]:
    """The parts, made in one unit of work. Whatever the thread does between two of them is not of it."""
    if _sink is None:
        yield from parts
        return
    unit = Unit(origin, _sink)
    making = iter(parts)
    try:
        while True:
            with _within(unit):
                part = next(making, _END)
            if part is _END:
                return
            yield cast(_Part, part)
    finally:
        unit.hand_on()


@contextmanager
def _within(unit: Unit) -> Iterator[None]:
    outer = running.unit
    running.unit = unit
    try:
        yield
    finally:
        running.unit = outer


def forget() -> None:
    """Drop what the unit that runs has noted: in a process that was forked in its midst, it is the parent's to count."""
    if isinstance(running.unit, Unit):
        running.unit.forget()


@contextmanager
def overheard(listener: Callable[[Execution], None]) -> Iterator[None]:
    """Tell a listener of what is sent in here, except in units of work that begin in here. Needs no capture."""
    outer = running.unit
    heard = running.unit = _Overheard(current(), listener)
    try:
        yield
    finally:
        # Celery ends the unit of a task before it tells whoever asked later.
        if running.unit is heard:
            running.unit = outer
