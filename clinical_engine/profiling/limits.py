"""What a captured statement may cost, by what sends it."""

from collections.abc import Iterable

from clinical_engine.profiling.growth.estimating import Limits


def limits_for(origins: Iterable[str]) -> Limits:
    """The limits of a statement that these origins send."""
    del origins
    return Limits(duration_us=20e6, duration_name="the time limit of a request's statement")
