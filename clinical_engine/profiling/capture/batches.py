"""Batches: what a process counted, by fingerprint, written down for the roll-up."""

import zlib
from collections.abc import Iterable, Mapping
from heapq import nlargest

import msgspec

from clinical_engine.profiling.capture.places import Place, named
from clinical_engine.profiling.capture.tally import Cell, Key
from clinical_engine.profiling.durations import added
from clinical_engine.profiling.fingerprints import OTHER, Shape, shape_of
from clinical_engine.profiling.fingerprints.shapes import LONGEST

FORMAT = 1
# Reading one takes up to some milliseconds of the whole process.
_NEW_TEXTS_IN_A_BATCH = 300
_MOST_SHAPES = 5_000
_LONGEST_NAME = 200
_FASTEST = 1


class Counted(msgspec.Struct, array_like=True):
    """A statement's executions from one place for one origin. Times are whole microseconds."""

    fingerprint: str
    shape: str
    origin: str
    place: str
    calls: int
    time_us: int
    longest_us: int
    durations: dict[int, int]
    rows: int
    parameters_most: int
    values_most: int
    bytes_most: int
    failures: int
    timeouts: int
    repeated_most: int
    lock_timeouts: int = 0
    """Of the timeouts those that waited for a lock."""

    def add(self, other: "Counted") -> None:
        """Add what was counted elsewhere of the same."""
        self.calls += other.calls
        self.time_us += other.time_us
        self.longest_us = max(self.longest_us, other.longest_us)
        self.durations = added([self.durations, other.durations])
        self.rows += other.rows
        self.parameters_most = max(self.parameters_most, other.parameters_most)
        self.values_most = max(self.values_most, other.values_most)
        self.bytes_most = max(self.bytes_most, other.bytes_most)
        self.failures += other.failures
        self.timeouts += other.timeouts
        self.repeated_most = max(self.repeated_most, other.repeated_most)
        self.lock_timeouts += other.lock_timeouts


class Batch(msgspec.Struct, array_like=True):
    """What one process counted under one release."""

    release: str
    counted: list[Counted]


_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Batch)


def encoded(release: str, cells: Mapping[Key, Cell]) -> bytes:
    """What was counted, as a batch's content."""
    found: dict[tuple[str, str, str], Counted] = {}
    for counted in _counted(cells):
        key = (counted.fingerprint, counted.origin, counted.place)
        if key in found:
            found[key].add(counted)
        else:
            found[key] = counted
    # What has the same shape is neighbours: it packs well.
    batch = Batch(_storable(release, _LONGEST_NAME), [found[key] for key in sorted(found)])
    return zlib.compress(_encoder.encode(batch), _FASTEST)


def decoded(content: bytes | memoryview) -> Batch:
    """The opposite. Raises ValueError for what is none."""
    try:
        return _decoder.decode(zlib.decompress(content))
    except (msgspec.MsgspecError, zlib.error) as error:
        raise ValueError("This is no batch of this format.") from error


def _counted(cells: Mapping[Key, Cell]) -> Iterable[Counted]:
    shapes = _shapes_of(cells)
    for (text, place, origin), cell in cells.items():
        yield _as_counted(shapes.get(text, OTHER_STATEMENTS), place, origin, cell)


def _shapes_of(cells: Mapping[Key, Cell]) -> Mapping[str, Shape]:
    """The shapes of the texts that are known, and of as many of the new ones as may be: of those that took most time."""
    seconds: dict[str, float] = {}
    for (text, _, _), cell in cells.items():
        seconds[text] = seconds.get(text, 0.0) + cell.seconds
    seconds.pop(OTHER, None)
    found = {text: shape for text in seconds if (shape := _known(text))}
    new = ((each, text) for text, each in seconds.items() if text not in found)
    for _, text in nlargest(_NEW_TEXTS_IN_A_BATCH, new):
        found[text] = _learnt(text)
    return found


def _as_counted(shape: Shape, place: Place | None, origin: str, cell: Cell) -> Counted:
    is_other = shape is OTHER_STATEMENTS
    return Counted(
        fingerprint=shape.fingerprint,
        shape=shape.text,
        origin="" if is_other else _storable(origin, _LONGEST_NAME),
        place="" if is_other else _storable(named(place)[-_LONGEST_NAME:], _LONGEST_NAME),
        calls=cell.calls,
        time_us=round(cell.seconds * 1e6),
        longest_us=round(cell.longest * 1e6),
        durations=cell.durations,
        rows=cell.rows,
        parameters_most=cell.parameters_most,
        values_most=cell.values_most,
        bytes_most=cell.bytes_most,
        failures=cell.failures,
        timeouts=cell.timeouts,
        repeated_most=cell.repeated_most,
        lock_timeouts=cell.lock_timeouts,
    )


def _storable(text: str, longest: int) -> str:
    """As PostgreSQL takes it: somebody may have tried to send what no statement can hold."""
    return text.replace("\0", " ").encode(errors="replace").decode()[:longest]


OTHER_STATEMENTS = Shape("0" * 16, OTHER)
# Of the texts of late, the latest last. Only the one who writes a batch looks here.
_shapes: dict[str, Shape] = {}


def _known(text: str) -> Shape | None:
    shape = _shapes.pop(text, None)
    if shape is not None:
        _shapes[text] = shape
    return shape


def _learnt(text: str) -> Shape:
    shape = shape_of(text)
    shape = _shapes[text] = Shape(shape.fingerprint, _storable(shape.text, LONGEST))
    if len(_shapes) > _MOST_SHAPES:
        del _shapes[next(iter(_shapes))]
    return shape
