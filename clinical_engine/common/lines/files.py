"""Lines in files: the name says the form, '-' is the standard input."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clinical_engine.common.lines.forms import LineForm

STANDARD_INPUT = "-"
FORMS = {"ndjson": LineForm.NDJSON, "jsonl": LineForm.NDJSON, "csv": LineForm.CSV}
_CHUNK = 64 * 1024


class CannotReadError(Exception):
    """The file cannot be read, or what it is cannot be told; the message says why, and never quotes it."""


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file, or the standard input, and how to read it."""

    name: str
    form: LineForm
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


def form_of(name: str) -> tuple[LineForm, bool] | None:
    """The form that the name of a file, such as 'a.csv' or 'a.ndjson.gz', tells, and whether it is packed; None: it tells none."""
    *_, ending, packing = ["", "", *name.lower().split(".")]
    gzipped = packing == "gz"
    known = FORMS.get(ending if gzipped else packing)
    return None if known is None else (known, gzipped)


def line_file(name: str, form: str = "") -> LineFile:
    """The file of that name; `form`, such as 'csv' or 'ndjson.gz', says what it is where its name does not.

    Raises CannotReadError when neither does, or when there is no such file.
    """
    told = form_of(form or Path(name).name)
    if told is None:
        endings = ", ".join(FORMS)
        raise CannotReadError(
            f"--form: say what the file is ({endings}, or one of them with .gz); its name does not."
        )
    if name != STANDARD_INPUT and not Path(name).is_file():
        raise CannotReadError(f"There is no file {name}.")
    return LineFile(name, *told)
