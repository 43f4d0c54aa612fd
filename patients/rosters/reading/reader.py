"""A roster as it comes in, read as the rows that PostgreSQL's COPY takes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count
from uuid import UUID

import msgspec
from django.utils import timezone

from clinical_engine.common.errors import Refusal
from patients.rosters.reading.csv import CsvDecoder
from patients.rosters.reading.cutting import Block, blocks
from patients.rosters.reading.forms import RosterForm
from patients.rosters.reading.lines import Limits, LineProblem, Said
from patients.rosters.reading.ndjson import NdjsonDecoder
from patients.rosters.reading.unpacking import unpacked

MAX_LINES = 2_000_000
MAX_PROBLEMS = 100
_NO_TIME = r"\N"
_EMPTY = Block(1, b"\n", [b""])
Decoder = NdjsonDecoder | CsvDecoder


class ReadingStoppedError(Exception):
    """Reading cannot go on. Without a text: the driver sends that to the server, whose log must not quote a body."""


class RosterReader:
    """A file of rows `roster_id, line, external_id, active_since` in COPY's text format, made as it is read.

    `chunks` is the body as it comes, `as_of` the time of the roster, which no `active_since` may be after. A line that cannot be
    read is counted in `unreadable` with its reason among `problems`, and touches no other; it gives a row without time where its
    external id can be read, else it is counted in `unnamed`. Blank lines are nothing. Never holds more than about a megabyte.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        *,
        form: RosterForm,
        gzipped: bool,
        as_of: datetime,
        roster_id: UUID | str,
    ) -> None:
        self.lines = self.unreadable = self.unnamed = 0
        self.problems: list[LineProblem] = []
        """At most the first 100."""
        self._limits = Limits(as_of, timezone.now())
        self._roster_id = roster_id
        self._rows = self._read(unpacked(chunks) if gzipped else chunks, form)
        self._waiting = b""
        self._given = 0
        self._failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of rows, all that is left for -1; empty at the end.

        Raises ReadingStoppedError; its cause, which `failing_with_its_reason` raises instead, is RefusedError when the body as a
        whole cannot be read, or whatever `chunks` raised.
        """
        try:
            return self._all() if size < 0 else self._piece(size)
        # An interruption too: the driver knows no difference, and it would be lost.
        except BaseException as error:
            self._failure = error
            raise ReadingStoppedError from error

    @contextmanager
    def failing_with_its_reason(self) -> Iterator[None]:
        """Raise what made reading stop, for what the block raises because of it: a driver tells only that `read` failed."""
        try:
            yield
        except Exception:
            if self._failure is None:
                raise
            raise self._failure from None

    def _all(self) -> bytes:
        return b"".join([self._waiting[self._given :], *self._rows])

    def _piece(self, size: int) -> bytes:
        if self._given == len(self._waiting):
            self._waiting, self._given = next(self._rows, b""), 0
        piece = self._waiting[self._given : self._given + size]
        self._given += len(piece)
        return piece

    def _read(self, chunks: Iterator[bytes], form: RosterForm) -> Iterator[bytes]:
        decoder, found = _opened(form, blocks(chunks, MAX_LINES + (form is RosterForm.CSV)))
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


def _opened(form: RosterForm, found: Iterator[Block]) -> tuple[Decoder, Iterator[Block]]:
    """The decoder, and the blocks that are left for it."""
    if form is RosterForm.NDJSON:
        return NdjsonDecoder(), found
    first = next(found, _EMPTY)
    return CsvDecoder(first.lines[0]), chain([first.without_first_line()], found)
