"""The environment's variables, whose errors name the variable and never its value: that may be a secret."""

from datetime import timedelta
from typing import Any

import environ

_DAY = 86_400
# What PostgreSQL takes for a time in milliseconds.
_MOST_MILLISECONDS = 2**31 - 1


class Env(environ.Env):  # type: ignore[misc]  # the package has no types
    """Django-environ's, whose own errors of numbers do not say which variable they are about."""

    def get_value(self, var: str, cast: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - of any type
        """The value of a variable. Raises ImproperlyConfigured where there is none, or none of that type."""
        try:
            return super().get_value(var, cast, *args, **kwargs)
        except ValueError:
            name = getattr(cast, "__name__", "what it should be")
            raise environ.ImproperlyConfigured(
                f"{var} cannot be read: it must be of the type {name}."
            ) from None

    def share(self, var: str, *, default: float) -> float:
        """A part of a whole, from 0 to 1. Raises ImproperlyConfigured for everything else."""
        value = self._number(var, default)
        if not 0 <= value <= 1:
            raise environ.ImproperlyConfigured(f"{var} must be a share from 0 to 1.")
        return value

    def seconds(self, var: str, *, default: float, least: float = 0) -> timedelta:
        """A stretch of time from `least` seconds to a day. Raises ImproperlyConfigured for everything else."""
        value = self._number(var, default)
        if not least <= value <= _DAY:
            raise environ.ImproperlyConfigured(f"{var} must be a number of seconds from {least} to {_DAY:,}.")
        return timedelta(seconds=value)

    def milliseconds(self, var: str, *, default: int) -> int:
        """A limit of PostgreSQL's, from 1: 0 would be none at all. Raises ImproperlyConfigured for everything else."""
        value: int = self.int(var, default=default)
        if not 1 <= value <= _MOST_MILLISECONDS:
            raise environ.ImproperlyConfigured(
                f"{var} must be a whole number of milliseconds from 1 to {_MOST_MILLISECONDS:,}."
            )
        return value

    def _number(self, var: str, default: float) -> float:
        # Of a text for `float`, django-environ drops what is no digit: 1e9 would be 19.
        try:
            return float(self.str(var, default=str(default)))
        except ValueError:
            raise environ.ImproperlyConfigured(
                f"{var} cannot be read: it must be of the type float."
            ) from None
