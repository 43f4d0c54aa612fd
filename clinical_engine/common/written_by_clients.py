"""What a client wrote where no value belongs: its method, its headers and their names. Neither stored nor logged."""

import logging
import re
from typing import Any

_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
# As gunicorn says what is no HTTP: its sort, and behind a colon what was sent.
_NO_HTTP = re.compile(r"Invalid request from ip=\S+: [^:'\"]*")
_NO_ANSWER = "Error handling request"


def known_method(method: str | None) -> str:
    """The method of a request; 'OTHER' for one that only the caller knows."""
    return method if method in _METHODS else "OTHER"


def message_of(record: logging.LogRecord) -> str:
    """A record's message without what the client wrote that libraries repeat; the path is its formatter's to replace."""
    if record.name == "django.security.csrf":
        # Behind a dash it says which host an origin or a referrer names.
        return _with(record, [str(each).partition(" - ")[0] for each in _arguments(record)])
    if record.name.startswith("django.security."):
        # Of a host that is none of ours, a session that was tampered with, and so on: the logger's name says which.
        return "A request was refused"
    if record.name == "gunicorn.error":
        return _of_gunicorn(record)
    method = getattr(getattr(record, "request", None), "method", None)
    if method is None or known_method(method) == method:
        return record.getMessage()
    return _with(record, [known_method(each) if each == method else each for each in _arguments(record)])


def _of_gunicorn(record: logging.LogRecord) -> str:
    if str(record.msg).startswith(_NO_ANSWER):
        # Behind it stand the method and the address.
        return _NO_ANSWER
    found = _NO_HTTP.match(str(record.msg))
    return found[0].rstrip() if found else record.getMessage()


def _with(record: logging.LogRecord, arguments: list[Any]) -> str:
    return str(record.msg) % tuple(arguments) if arguments else str(record.msg)


def _arguments(record: logging.LogRecord) -> tuple[Any, ...]:
    return record.args if isinstance(record.args, tuple) else ()
