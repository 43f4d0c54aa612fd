"""Logging that cannot carry patient data."""

import logging
import traceback
from collections.abc import Iterator, Mapping
from copy import copy
from types import TracebackType
from typing import Any

from clinical_engine.common.written_by_clients import message_of

ExceptionInformation = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def describe_error(error: BaseException) -> str:
    """The class of an error with its SQLSTATE and constraint where it has them; never its text.

    A driver's text quotes the offending row ('Key (external_id)=(...) already exists').
    """
    diagnosis = getattr(error.__cause__ or error, "diag", None)
    known = {name: getattr(diagnosis, name, None) for name in ("sqlstate", "constraint_name")}
    return " ".join(
        [type(error).__qualname__, *(f"{name}={value}" for name, value in known.items() if value)]
    )


class ValueFreeFormatter(logging.Formatter):
    """Formats tracebacks as frames and error classes, and requests as routes.

    Exception texts, local values and the paths that somebody typed may hold patient data.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, with errors among its arguments described and its request's path replaced by the route."""
        clean = copy(record)
        clean.args = _described(record)
        clean.msg, clean.args = _without_path(message_of(clean), getattr(record, "request", None)), None
        # Another formatter may have left its traceback here, texts and all.
        clean.exc_text = None
        return super().format(clean)

    def formatException(self, ei: ExceptionInformation) -> str:  # noqa: N802 - the standard library's name
        """Frames of the error and of those that caused it, innermost last, without their texts."""
        return "\n".join(
            line for error in _chain(ei[1]) for line in (*_frames_of(error), describe_error(error))
        )


def _described(record: logging.LogRecord) -> Any:  # noqa: ANN401 - as the record's arguments
    if isinstance(record.args, Mapping):
        # Celery's own line about a failed task repeats the error's text under this name.
        error = record.exc_info[1] if record.exc_info else None
        hidden = describe_error(error) if error else "(error)"
        return {**record.args, "exc": hidden} if "exc" in record.args else record.args
    return tuple(
        describe_error(each) if isinstance(each, BaseException) else each for each in record.args or ()
    )


def _without_path(message: str, request: Any) -> str:  # noqa: ANN401 - whatever a library calls its request
    path = getattr(request, "path", None)
    if not path:
        return message
    match = getattr(request, "resolver_match", None)
    shown = f"/{match.route}" if match else "(an unknown address)"
    # Django escapes what is not ASCII in it, so that nobody forges a line.
    for written in (path, path.encode("unicode_escape").decode("ascii")):
        message = message.replace(written, shown)
    return message


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    # Errors can cause each other in a circle, which would make this line of the log endless.
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _frames_of(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
