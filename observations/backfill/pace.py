"""How many patients a slice has, and how long it waits for the next one."""

from datetime import timedelta

FIRST = 100
# Whoever recomputes a patient meanwhile waits for the slice, and half a second at most before it gives way.
_SECONDS = 0.4
_MOST = 2_000
_GROWTH = 2.0


def next_size(size: int, seconds: float) -> int:
    """How many patients the next slice has, after one of `size` that took so long; never several times as many at once."""
    wanted = size * _SECONDS / max(seconds, 0.001)
    return max(1, min(int(wanted), int(size * _GROWTH), _MOST))


def size_within(size: int, rate: int | None) -> int:
    """The size, but no more than a second's worth of patients."""
    return size if rate is None else min(size, rate)


def wait_after(patients: int, seconds: float, rate: int | None) -> timedelta:
    """How long to wait after a slice so that no more than `rate` patients a second are done."""
    return timedelta(0) if rate is None else timedelta(seconds=max(0.0, patients / rate - seconds))
