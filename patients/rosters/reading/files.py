"""Rosters in files: the name says the form, '-' is the standard input."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from patients.rosters.reading.forms import RosterForm

STANDARD_INPUT = "-"
FORMS = {"ndjson": RosterForm.NDJSON, "jsonl": RosterForm.NDJSON, "csv": RosterForm.CSV}
_CHUNK = 64 * 1024


class CannotReadError(Exception):
    """The file cannot be read, or what it is cannot be told; the message says why, and never quotes it."""


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A file, or the standard input, and how to read it."""

    name: str
    form: RosterForm
    gzipped: bool

    def chunks(self) -> Iterator[bytes]:
        """Its bytes. Raises CannotReadError."""
        try:
            with self._opened() as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            raise CannotReadError(f"The file {self.name} cannot be read: {error.strerror}.") from None

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        if self.name == STANDARD_INPUT:
            return nullcontext(sys.stdin.buffer)
        return Path(self.name).open("rb")


def roster_file(name: str, form: str = "") -> RosterFile:
    """The file of that name; `form`, such as 'csv' or 'ndjson.gz', says what it is where its name does not.

    Raises CannotReadError when neither does, or when there is no such file.
    """
    *_, ending, packing = ["", "", *(form or Path(name).name).lower().split(".")]
    gzipped = packing == "gz"
    known = FORMS.get(ending if gzipped else packing)
    if known is None:
        endings = ", ".join(FORMS)
        raise CannotReadError(
            f"--form: say what the file is ({endings}, or one of them with .gz); its name does not."
        )
    if name != STANDARD_INPUT and not Path(name).is_file():
        raise CannotReadError(f"There is no file {name}.")
    return RosterFile(name, known, gzipped)
