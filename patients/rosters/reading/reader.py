"""A roster as it comes in, read as the rows that PostgreSQL's COPY takes."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, count
from uuid import UUID

import msgspec
from django.utils import timezone

from clinical_engine.common.errors import Refusal
from clinical_engine.common.lines import Block, Bounds, LineForm, RowStream, blocks, unpacked
from patients.rosters.reading.csv import CsvDecoder
from patients.rosters.reading.lines import Limits, LineProblem, Said
from patients.rosters.reading.ndjson import NdjsonDecoder

MAX_LINES = 2_000_000
MAX_PROBLEMS = 100
# A gigabyte is 500 bytes for each of the lines.
_BOUNDS = Bounds("roster", MAX_LINES, line_bytes=4 * 1024, total_bytes=1024 * 1024 * 1024)
_NO_TIME = r"\N"
_EMPTY = Block(1, b"\n", [b""])
Decoder = NdjsonDecoder | CsvDecoder


class RosterReader(RowStream):
    """A file of rows `roster_id, line, external_id, active_since` in COPY's text format, made as it is read.

    `chunks` is the body as it comes, `as_of` the time of the roster, which no `active_since` may be after. A line that cannot be
    read is counted in `unreadable` with its reason among `problems`, and touches no other; it gives a row without time where its
    external id can be read, else it is counted in `unnamed`. Blank lines are nothing. Never holds more than about a megabyte.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        *,
        form: LineForm,
        gzipped: bool,
        as_of: datetime,
        roster_id: UUID | str,
    ) -> None:
        self.lines = self.unreadable = self.unnamed = 0
        self.problems: list[LineProblem] = []
        """At most the first 100."""
        self._limits = Limits(as_of, timezone.now())
        self._roster_id = roster_id
        super().__init__(self._read(unpacked(chunks) if gzipped else chunks, form))

    def _read(self, chunks: Iterator[bytes], form: LineForm) -> Iterator[bytes]:
        decoder, found = _opened(form, blocks(chunks, _BOUNDS, header_lines=int(form is LineForm.CSV)))
        for block in found:
            if rows := self._all_at_once(block, decoder) or self._one_by_one(block, decoder):
                yield rows

    def _all_at_once(self, block: Block, decoder: Decoder) -> bytes:
        """The rows of a block in which nothing is wrong; empty for any other."""
        columns = decoder.columns(block)
        if columns is None or not self._limits.are_kept_by(columns):
            return b""
        self.lines += len(block.lines)
        times: list[str] = msgspec.to_builtins(columns.times)
        return self._rendered(count(block.first), columns.external_ids, times)

    def _one_by_one(self, block: Block, decoder: Decoder) -> bytes:
        numbers: list[int] = []
        texts: list[str] = []
        times: list[str] = []
        for number, line in enumerate(block.lines, block.first):
            if not line.strip():
                continue
            self.lines += 1
            said = self._limits.judged(decoder.said(line))
            if said.refusal:
                self._count(number, said, said.refusal)
            if said.external_id is not None:
                numbers.append(number)
                texts.append(said.external_id)
                times.append(msgspec.to_builtins(said.active_since) if said.active_since else _NO_TIME)
        return self._rendered(numbers, texts, times) if numbers else b""

    def _count(self, number: int, said: Said, refusal: Refusal) -> None:
        self.unreadable += 1
        self.unnamed += said.external_id is None
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(LineProblem(number, refusal.field, refusal.code, refusal.message))

    def _rendered(self, numbers: Iterable[int], texts: Sequence[str], times: Sequence[str]) -> bytes:
        # No text has a tab: all are printable. A backslash is the one character of theirs that COPY does not take as it is.
        escaped = "\t".join(texts).replace("\\", "\\\\").split("\t")
        beginning = f"{self._roster_id}\t"
        rows = [
            f"{beginning}{number}\t{text}\t{time}\n"
            for number, text, time in zip(numbers, escaped, times, strict=False)
        ]
        return "".join(rows).encode()


def _opened(form: LineForm, found: Iterator[Block]) -> tuple[Decoder, Iterator[Block]]:
    """The decoder, and the blocks that are left for it."""
    if form is LineForm.NDJSON:
        return NdjsonDecoder(), found
    first = next(found, _EMPTY)
    return CsvDecoder(first.lines[0]), chain([first.without_first_line()], found)
