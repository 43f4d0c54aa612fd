"""A stream of bytes, cut into blocks of whole lines. Holds one block, however the bytes arrive."""

from collections.abc import Iterator
from dataclasses import dataclass

from clinical_engine.common.lines.refusals import refused_body
from clinical_engine.common.lines.telling import ends_with_cr_alone, refuse_unreadable

_BLOCK = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read: `noun` names the whole where more was sent.

    `total_bytes` is counted unpacked, and so also bounds what a small gzip may swell to.
    """

    noun: str
    lines: int
    line_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines: `content` as it came, each with its end, and `lines` without; `first` is the number of the first."""

    first: int
    content: bytes
    lines: list[bytes]

    def without_first_line(self) -> "Block":
        """The block behind its first line."""
        return Block(self.first + 1, self.content[len(self.lines[0]) + 1 :], self.lines[1:])


def blocks(chunks: Iterator[bytes], bounds: Bounds, *, header_lines: int = 0) -> Iterator[Block]:
    """The lines of a stream in blocks of about 64 KB, numbered from 1, without a byte order mark; no block is without lines.

    Raises RefusedError as soon as the bounds are passed; `header_lines` do not count among the lines. With such, it is raised also
    when line 1 is no text in UTF-8, or lines end otherwise than with LF. How the bytes were cut into chunks makes no difference to
    either.
    """
    number = 1
    for content in _pieces(chunks, bounds):
        lines = content.split(b"\n")
        if header_lines and number == 1:
            refuse_unreadable(lines[0], bounds.noun)
        _refuse_a_long_line(number, lines, bounds.line_bytes)
        # What stands behind the last line's end: nothing.
        lines.pop()
        if number + len(lines) - 1 - header_lines > bounds.lines:
            raise refused_body("too_many_lines", f"The {bounds.noun} has more than {bounds.lines:,} lines.")
        yield Block(number, content, lines)
        number += len(lines)


def _pieces(chunks: Iterator[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Whole lines, one at least; only of a line that is too long what was read of it."""
    waiting = bytearray()
    total = 0
    for window in _windows(chunks):
        # Before anything is measured: with its mark a line of the greatest length would pass for one that is too long.
        waiting += window if total else window.removeprefix(_BYTE_ORDER_MARK)
        total += len(window)
        if total > bounds.total_bytes:
            raise refused_body(
                "too_large",
                f"The {bounds.noun} has more than {bounds.total_bytes // 1024**2:,} MB, unpacked.",
            )
        end = waiting.rfind(b"\n") + 1
        if len(waiting) - end > bounds.line_bytes:
            end = len(waiting)
        if end:
            yield bytes(waiting[:end])
            del waiting[:end]
    if waiting:
        yield bytes(waiting + b"\n")


def _windows(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of 64 KB, but for the last: what is refused, and why, must not hang on how they arrived."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= _BLOCK:
            yield bytes(waiting[:_BLOCK])
            del waiting[:_BLOCK]
    if waiting:
        yield bytes(waiting)


def _refuse_a_long_line(first: int, lines: list[bytes], most: int) -> None:
    if max(map(len, lines)) > most:
        number, line = next((n, line) for n, line in enumerate(lines, first) if len(line) > most)
        why = " In it is CR without LF: lines must end with LF or CRLF." if ends_with_cr_alone(line) else ""
        raise refused_body("line_too_long", f"Line {number:,} has more than {most:,} bytes.{why}")
