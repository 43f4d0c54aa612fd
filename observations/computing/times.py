"""Times as whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """A time as whole microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def lasting(duration: timedelta) -> int:
    """A duration in whole microseconds."""
    return duration // _MICROSECOND


def moment(time: int) -> datetime:
    """The time, in UTC."""
    return _EPOCH + timedelta(microseconds=time)
