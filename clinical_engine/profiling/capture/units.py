"""What the statements of a thread are sent for: a request, a batch of jobs, a task, or nothing that has a name."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from clinical_engine.common import database, prepared

Place: TypeAlias = tuple[str, int]
"""A file and a line."""


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


Sink: TypeAlias = Callable[[str, "list[Execution]", "Counter[tuple[str, Place | None]] | None"], None]
"""Takes an origin, executions, and how often each statement was sent from each place within the unit, where that may matter."""

# So many executions are handed on at once: a unit that never ends must not fill the memory.
_AT_ONCE = 500
_WORTH_COUNTING = 10


class Unit:
    """One request, batch of jobs or task: what it sends is handed on when it ends."""

    __slots__ = ("_executions", "_origin", "_repeated", "_sink")

    def __init__(self, origin: Callable[[], str], sink: Sink) -> None:
        self._origin = origin
        self._sink = sink
        self._executions: list[Execution] = []
        self._repeated: Counter[tuple[str, Place | None]] | None = None

    def add(self, execution: Execution) -> None:
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
        if self._repeated is not None or len(executions) >= _WORTH_COUNTING:
            self._repeated = self._repeated or Counter()
            self._repeated.update((each.text, each.place) for each in executions)
        self._sink(self._origin(), executions, self._repeated)


class _Nameless:
    """What belongs to no unit: a command, a thread. Each execution is handed on at once, since nothing says when it ends."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add(self, execution: Execution) -> None:
        """Hand an execution on."""
        self._sink(_NAMELESS, [execution], None)


def _nameless() -> str:
    program = Path(sys.argv[0]).name if sys.argv else ""
    if program == "manage.py" and len(sys.argv) > 1:
        return f"command {sys.argv[1]}"
    return "outside of requests and jobs"


_NAMELESS = _nameless()


class _Overheard:
    """What is noted here is told to a listener, too."""

    __slots__ = ("_inner", "_listener")

    def __init__(self, inner: "Noting | None", listener: Callable[[Execution], None]) -> None:
        self._inner, self._listener = inner, listener

    def add(self, execution: Execution) -> None:
        """Hand an execution on."""
        if self._inner is not None:
            self._inner.add(execution)
        self._listener(execution)


Noting: TypeAlias = Unit | _Nameless | _Overheard


class _Local(threading.local):
    unit: Unit | _Overheard | None = None


_local = _Local()
_sink: Sink | None = None


def capture_into(sink: Sink | None) -> None:
    """Hand all that this process sends from now on to `sink`; None stops it."""
    global _sink  # noqa: PLW0603 - one for the whole process is the purpose
    _sink = sink


def current() -> Noting | None:
    """What the running thread's statements are noted in; None where they are not."""
    unit = _local.unit
    if unit is None and _sink is not None:
        return _Nameless(_sink)
    return unit


@contextmanager
def unit_of_work(origin: str | Callable[[], str]) -> Iterator[None]:
    """Count what is sent in here as sent for `origin`; a function is asked when the unit ends. Units may be nested."""
    if _sink is None:
        yield
        return
    outer = _local.unit
    unit = Unit(origin if callable(origin) else lambda: origin, _sink)
    _local.unit = unit
    try:
        yield
    finally:
        _local.unit = outer
        unit.hand_on()


@contextmanager
def overheard(listener: Callable[[Execution], None]) -> Iterator[None]:
    """Tell a listener of what is sent in here, except in units of work that begin in here. Needs no capture."""
    outer = _local.unit
    heard = _local.unit = _Overheard(current(), listener)
    try:
        yield
    finally:
        # Celery ends the unit of a task before it tells whoever asked later.
        if _local.unit is heard:
            _local.unit = outer


_ROOT = str(Path(__file__).parents[3]) + "/"
_HERE = str(Path(__file__).parent)
# Between whoever sends a statement and the driver.
_BETWEEN = (database.__file__, prepared.__file__, str(Path(_HERE).parent / "silk" / "recording.py"))
_ours: dict[str, bool] = {}


def place() -> Place | None:
    """The innermost line of ours that the running statement comes from; None where Django alone sends it."""
    frame = sys._getframe(2)  # noqa: SLF001 - walking from here costs a tenth of what `inspect` does
    while frame is not None:
        file = frame.f_code.co_filename
        ours = _ours.get(file)
        if ours is None:
            ours = _ours[file] = _is_ours(file)
        if ours:
            return file, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _is_ours(file: str) -> bool:
    return (
        file.startswith(_ROOT)
        and "/.venv/" not in file
        and not file.startswith(_HERE)
        and file not in _BETWEEN
        and not file.endswith("manage.py")
    )


def named(where: Place | None) -> str:
    """A place as people read it, from the project's folder on."""
    return "" if where is None else f"{where[0].removeprefix(_ROOT)}:{where[1]}"
