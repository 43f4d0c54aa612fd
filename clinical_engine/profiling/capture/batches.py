"""Batches: what a process counted, by fingerprint, written down for the roll-up."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from clinical_engine.profiling.capture.tally import OTHER, Cell, Key
from clinical_engine.profiling.capture.units import named
from clinical_engine.profiling.durations import added
from clinical_engine.profiling.fingerprints import Shape, shape_of

FORMAT = 1
# Reading one takes up to some milliseconds of the whole process.
_NEW_TEXTS_IN_A_BATCH = 300
_LONGEST_NAME = 200


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
    parameters: int
    parameters_most: int
    values_most: int
    bytes: int
    bytes_most: int
    failures: int
    timeouts: int
    repeated_most: int

    def add(self, other: "Counted") -> None:
        """Add what was counted elsewhere of the same."""
        self.calls += other.calls
        self.time_us += other.time_us
        self.longest_us = max(self.longest_us, other.longest_us)
        self.durations = added([self.durations, other.durations])
        self.rows += other.rows
        self.parameters += other.parameters
        self.parameters_most = max(self.parameters_most, other.parameters_most)
        self.values_most = max(self.values_most, other.values_most)
        self.bytes += other.bytes
        self.bytes_most = max(self.bytes_most, other.bytes_most)
        self.failures += other.failures
        self.timeouts += other.timeouts
        self.repeated_most = max(self.repeated_most, other.repeated_most)


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
    return _encoder.encode(Batch(release, list(found.values())))


def decoded(content: bytes | memoryview) -> Batch:
    """The opposite. Raises msgspec.MsgspecError for what is none."""
    return _decoder.decode(content)


def _counted(cells: Mapping[Key, Cell]) -> Iterable[Counted]:
    patience = _NEW_TEXTS_IN_A_BATCH
    for (text, place, origin), cell in cells.items():
        misses = _shape.cache_info().misses
        shape = OTHER_STATEMENTS if text == OTHER or patience <= 0 else _shape(text)
        patience -= _shape.cache_info().misses - misses
        is_other = shape is OTHER_STATEMENTS
        yield Counted(
            fingerprint=shape.fingerprint,
            shape=shape.text,
            origin="" if is_other else origin[:_LONGEST_NAME],
            place="" if is_other else named(place)[-_LONGEST_NAME:],
            calls=cell.calls,
            time_us=round(cell.seconds * 1e6),
            longest_us=round(cell.longest * 1e6),
            durations=cell.durations,
            rows=cell.rows,
            parameters=cell.parameters,
            parameters_most=cell.parameters_most,
            values_most=cell.values_most,
            bytes=cell.bytes,
            bytes_most=cell.bytes_most,
            failures=cell.failures,
            timeouts=cell.timeouts,
            repeated_most=cell.repeated_most,
        )


OTHER_STATEMENTS = Shape("0" * 16, OTHER)
_shape = lru_cache(maxsize=5_000)(shape_of)
