"""The folder of diaries: one file per patient, named 'data-01' and so on."""

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"data-\d+", re.ASCII)


class CannotReadError(Exception):
    """The folder or one of its files cannot be read; the message says which, and never quotes it."""


@dataclass(frozen=True, slots=True)
class Diary:
    """One patient's file: its name, which is also the patient's external id, and its lines without their ends."""

    name: str
    lines: tuple[str, ...]


def read_diaries(folder: Path) -> list[Diary]:
    """All diaries of a folder, by name. Files with other names are not diaries and are left alone.

    Raises CannotReadError when the folder is missing or holds no diary, or when a diary cannot be read or is not UTF-8.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError as error:
        raise CannotReadError(f"The folder {folder} cannot be read: {error.strerror}.") from None
    if not paths:
        raise CannotReadError(f"There is no file named data-01, data-02 and so on in {folder}.")
    return [Diary(path.name, _lines(path)) for path in paths]


def _lines(path: Path) -> tuple[str, ...]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CannotReadError(f"The file {path} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CannotReadError(f"The file {path} is not UTF-8 text: see its line {line}.") from None
    # Not splitlines(): it also splits at form feeds and the like, and the numbers would not be those of an editor.
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(line.removesuffix("\r") for line in lines)
