"""Where statements come from: lines of ours, among all that stands between them and the driver."""

import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import TypeAlias

from clinical_engine.common import database, prepared

Place: TypeAlias = tuple[str, int]
"""A file and a line."""
Sent: TypeAlias = tuple[str, Place | None]
"""A statement's text and where it was sent from."""

_ROOT = str(Path(__file__).parents[3]) + "/"
_HERE = str(Path(__file__).parent)
# Between whoever sends a statement and the driver; and our middlewares, within which Django and libraries send theirs.
_BETWEEN = (
    database.__file__,
    prepared.__file__,
    _ROOT + "clinical_engine/api/lengths.py",
    _ROOT + "clinical_engine/profiling/silk/recording.py",
)
_ours: dict[str, bool] = {}
# By a statement's text: how far up it was found the last time, in which code, at which instruction, and what was found.
_last: dict[str, tuple[int, CodeType, int, Sent]] = {}
_MOST_LAST = 1_000


def sent_as_before(text: str) -> Sent | None:
    """What `sent` said of a text, where the same line runs it in the same way now. Both are to be called from the same function.

    To look at one frame takes a tenth of walking there; the same instruction, as far up, with the same text, is taken for the same
    way through Django.
    """
    last = _last.get(text)
    if last is None:
        return None
    depth, code, instruction, found = last
    try:
        frame = sys._getframe(depth)  # noqa: SLF001 - `inspect` takes ten times as long
    except ValueError:
        return None
    return found if frame.f_code is code and frame.f_lasti == instruction else None


def sent(text: str) -> Sent:
    """A statement's text, and the innermost line of ours that runs it now; None where Django alone sends it.

    The text is the same object as the last time, where it can be: hundreds of equal ones would be kept until the unit ends.
    """
    last = _last.get(text)
    if last is not None:
        text = last[-1][0]
    depth = 1
    frame: FrameType | None = sys._getframe(depth)  # noqa: SLF001 - as above
    while frame is not None:
        file = frame.f_code.co_filename
        ours = _ours.get(file)
        if ours is None:
            ours = _ours[file] = _is_ours(file)
        if ours:
            if len(_last) >= _MOST_LAST:
                _last.clear()
            found = text, (file, frame.f_lineno)
            _last[text] = depth, frame.f_code, frame.f_lasti, found
            return found
        frame, depth = frame.f_back, depth + 1
    return text, None


def _is_ours(file: str) -> bool:
    return (
        file.startswith(_ROOT)
        and "/.venv/" not in file
        and not file.startswith(_HERE)
        and file not in _BETWEEN
        and not file.endswith("manage.py")
    )


def named(where: Place | None) -> str:
    """A place as people read it, from the project's folder on."""
    return "" if where is None else f"{where[0].removeprefix(_ROOT)}:{where[1]}"
