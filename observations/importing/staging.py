"""A file as it comes in, made the rows that its lines are kept as. What they say is looked at later, by the job."""

from collections.abc import Iterator, Sequence
from itertools import chain
from uuid import UUID

from clinical_engine.common.lines import (
    Block,
    Bounds,
    LineForm,
    RowStream,
    blocks,
    refused_body,
    unpacked,
)
from observations.importing.columns import columns_of

# A line holds a text of 4,000 characters, or 100 components. A gigabyte is a thousand bytes for each line.
BOUNDS = Bounds("file", 1_000_000, line_bytes=64 * 1024, total_bytes=1024 * 1024 * 1024)
COPY = "COPY observations_importedline (measurement_import_id, line, content) FROM STDIN"
_NO_TEXT = rb"\N"
_EMPTY = Block(1, b"\n", [b""])


class StagedLines(RowStream):
    """A file of rows `measurement_import_id, line, content` for `COPY`, made as it is read.

    `chunks` are the file's bytes as they come. Blank lines are nothing. `lines` and `columns` (those of a CSV) are known once all
    is read. Reading raises RefusedError when the file as a whole cannot be taken. Never holds more than about a megabyte.
    """

    def __init__(self, chunks: Iterator[bytes], *, form: LineForm, gzipped: bool, import_id: UUID) -> None:
        self.lines = 0
        self.columns: Sequence[str] = ()
        self._beginning = f"{import_id}\t".encode()
        super().__init__(self._read(unpacked(chunks) if gzipped else chunks, form))

    def _read(self, chunks: Iterator[bytes], form: LineForm) -> Iterator[bytes]:
        for block in self._opened(chunks, form):
            rows = [
                self._row(number, line)
                for number, line in enumerate(block.lines, block.first)
                if line.strip()
            ]
            self.lines += len(rows)
            # An empty piece would be the end.
            if rows:
                yield b"".join(rows)
        if not self.lines:
            raise refused_body("empty", "The file has no lines to be imported.")

    def _opened(self, chunks: Iterator[bytes], form: LineForm) -> Iterator[Block]:
        """The blocks that hold readings."""
        if form is LineForm.NDJSON:
            return blocks(chunks, BOUNDS)
        found = blocks(chunks, BOUNDS, header_lines=1)
        first = next(found, _EMPTY)
        self.columns = columns_of(first.lines[0])
        return chain([first.without_first_line()], found)

    def _row(self, number: int, line: bytes) -> bytes:
        return b"%b%d\t%b\n" % (self._beginning, number, _escaped(line.rstrip(b"\r")))


def _escaped(line: bytes) -> bytes:
    """The line as COPY takes it; NULL where it is no text that PostgreSQL can hold."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return _NO_TEXT
    if b"\0" in line:
        return _NO_TEXT
    return line.replace(b"\\", rb"\\").replace(b"\t", rb"\t").replace(b"\r", rb"\r")
