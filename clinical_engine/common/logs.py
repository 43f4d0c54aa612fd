"""Logging that cannot carry patient data."""

import logging
import traceback
from types import TracebackType

ExceptionInformation = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def describe_error(error: BaseException) -> str:
    """The class of an error with its SQLSTATE and constraint where it has them; never its text.

    A driver's text quotes the offending row ('Key (external_id)=(...) already exists').
    """
    words = [type(error).__qualname__]
    diagnosis = getattr(error.__cause__ or error, "diag", None)
    for name in ("sqlstate", "constraint_name"):
        if value := getattr(diagnosis, name, None):
            words.append(f"{name}={value}")
    return " ".join(words)


class ValueFreeFormatter(logging.Formatter):
    """Formats tracebacks as frames and error classes: exception texts and local values may hold patient data."""

    def formatException(self, ei: ExceptionInformation) -> str:  # noqa: N802 - the standard library's name
        """Frames of the error and of those that caused it, innermost last, without their texts."""
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            lines += [*_frames_of(error), describe_error(error)]
            error = error.__cause__ or error.__context__
        return "\n".join(lines)


def _frames_of(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
