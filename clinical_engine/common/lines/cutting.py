"""A stream of bytes, cut into blocks of whole lines. Holds one block, however the bytes arrive."""

from collections.abc import Iterator
from dataclasses import dataclass

from clinical_engine.common.lines.refusals import refused_body

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
    """The lines of a stream in blocks of about 64 KB, numbered from 1, without a byte order mark.

    Raises RefusedError as soon as the bounds are passed; `header_lines` do not count among the lines.
    """
    number = 1
    for piece in _pieces(chunks, bounds):
        content = piece.removeprefix(_BYTE_ORDER_MARK) if number == 1 else piece
        lines = content.split(b"\n")
        _refuse_a_long_line(number, lines, bounds.line_bytes)
        # What stands behind the last line's end: nothing.
        lines.pop()
        if number + len(lines) - 1 - header_lines > bounds.lines:
            raise refused_body("too_many_lines", f"The {bounds.noun} has more than {bounds.lines:,} lines.")
        yield Block(number, content, lines)
        number += len(lines)


def _pieces(chunks: Iterator[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Whole lines; only of a line that is too long what was read of it."""
    waiting = bytearray()
    total = 0
    for chunk in chunks:
        waiting += chunk
        total += len(chunk)
        if total > bounds.total_bytes:
            raise refused_body(
                "too_large",
                f"The {bounds.noun} has more than {bounds.total_bytes // 1024**2:,} MB, unpacked.",
            )
        if len(waiting) < _BLOCK:
            continue
        end = waiting.rfind(b"\n") + 1
        if len(waiting) - end > bounds.line_bytes:
            end = len(waiting)
        yield bytes(waiting[:end])
        del waiting[:end]
    if waiting:
        yield bytes(waiting.removesuffix(b"\n") + b"\n")


def _refuse_a_long_line(first: int, lines: list[bytes], most: int) -> None:
    if max(map(len, lines)) > most:
        number = first + next(n for n, line in enumerate(lines) if len(line) > most)
        raise refused_body("line_too_long", f"Line {number:,} has more than {most:,} bytes.")
