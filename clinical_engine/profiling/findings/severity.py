"""How bad it is to be over a limit, so that a statement that fails is always worse than one that is merely slow."""

_SLOWEST = 50.0
_ONE_TIMEOUT = 2 * _SLOWEST


def of_timeouts(number: int) -> float:
    """Of so many time-outs in a week. One is twice as bad as anything that did not fail: it opens what was closed for less."""
    return _ONE_TIMEOUT * number


def of_ratio(ratio: float) -> float:
    """Of a cost that is so many times its limit, though nothing failed."""
    return min(ratio, _SLOWEST)
