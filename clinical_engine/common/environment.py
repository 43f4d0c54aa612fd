"""The environment's variables, whose errors name the variable and never its value: that may be a secret."""

from datetime import timedelta
from typing import Any

import environ

_DAY = 86_400


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
        value: float = self.float(var, default=default)
        if not 0 <= value <= 1:
            raise environ.ImproperlyConfigured(f"{var} must be a share from 0 to 1.")
        return value

    def seconds(self, var: str, *, default: float) -> timedelta:
        """A stretch of time from nothing to a day. Raises ImproperlyConfigured for everything else."""
        value: float = self.float(var, default=default)
        if not 0 <= value <= _DAY:
            raise environ.ImproperlyConfigured(f"{var} must be a number of seconds from 0 to {_DAY:,}.")
        return timedelta(seconds=value)
