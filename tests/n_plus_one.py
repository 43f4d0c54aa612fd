"""Where a query comes from, as repetitions are counted in tests: a call from a test into the engine is one unit of work."""

import sys
from itertools import count
from pathlib import Path
from types import FrameType

from clinical_engine.running.environment import ROOT

# What waits for processes asks the test again and again: it is no part of the engine.
_NOT_THE_ENGINE = (str(Path(__file__).parent), str(ROOT / "clinical_engine" / "running"))
_CALL = "__call_from_a_test__"
_number = count()


def place_of_query() -> tuple[str, int, str]:
    """The innermost place of ours (the call and the file, the line, the function), in the stead of django-zeal's own.

    Django-zeal knows no tests: one that calls a service for this row and then for that one would be an N+1 of the service. What a
    test asks for itself is never the same place.
    """
    innermost, entry = _frames_of_ours()
    if innermost is None or entry is None:
        return "a test", next(_number), ""
    code = innermost.f_code
    return f"[call {_number_of(entry)}] {code.co_filename}", innermost.f_lineno, code.co_name


def _frames_of_ours() -> tuple[FrameType | None, FrameType | None]:
    """The innermost frame of the engine or the tests, and the engine's outermost: its entry."""
    innermost = entry = None
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(str(ROOT)) and "site-packages" not in file:
            innermost = innermost or frame
            if not file.startswith(_NOT_THE_ENGINE):
                entry = frame
        frame = frame.f_back
    return innermost, entry


def _number_of(entry: FrameType) -> int:
    """A number that belongs to this call alone. Its frame itself, if it were kept, would keep all its locals alive."""
    number: int = entry.f_locals.setdefault(_CALL, next(_number))
    return number
