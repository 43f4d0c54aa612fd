"""A stream of bytes, cut into blocks of whole lines. Holds one block, however the bytes arrive."""

from collections.abc import Iterator
from dataclasses import dataclass

from patients.rosters.reading.refusals import refused_body

MAX_LINE_BYTES = 4 * 1024
# Unpacked, so also what a small gzip may swell to: 500 bytes for each of the lines that a roster may have.
MAX_BYTES = 1024 * 1024 * 1024
_BLOCK = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines: `content` as it came, each with its end, and `lines` without; `first` is the number of the first."""

    first: int
    content: bytes
    lines: list[bytes]

    def without_first_line(self) -> "Block":
        """The block behind its first line."""
        return Block(self.first + 1, self.content[len(self.lines[0]) + 1 :], self.lines[1:])


def blocks(chunks: Iterator[bytes], max_lines: int) -> Iterator[Block]:
    """The lines of a stream in blocks of about 64 KB, numbered from 1, without a byte order mark.

    Raises RefusedError as soon as a line has more than 4 KB, or the stream more than `max_lines` lines or 1 GB.
    """
    number = 1
    for piece in _pieces(chunks):
        content = piece.removeprefix(_BYTE_ORDER_MARK) if number == 1 else piece
        lines = content.split(b"\n")
        _refuse_a_long_line(number, lines)
        # What stands behind the last line's end: nothing.
        lines.pop()
        if number + len(lines) - 1 > max_lines:
            raise refused_body("too_many_lines", f"The roster has more than {max_lines:,} lines.")
        yield Block(number, content, lines)
        number += len(lines)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Whole lines; only of a line that is too long what was read of it."""
    waiting = bytearray()
    total = 0
    for chunk in chunks:
        waiting += chunk
        total += len(chunk)
        if total > MAX_BYTES:
            raise refused_body(
                "too_large", f"The roster has more than {MAX_BYTES // 1024**2:,} MB, unpacked."
            )
        if len(waiting) < _BLOCK:
            continue
        end = waiting.rfind(b"\n") + 1
        if len(waiting) - end > MAX_LINE_BYTES:
            end = len(waiting)
        yield bytes(waiting[:end])
        del waiting[:end]
    if waiting:
        yield bytes(waiting.removesuffix(b"\n") + b"\n")


def _refuse_a_long_line(first: int, lines: list[bytes]) -> None:
    if max(map(len, lines)) > MAX_LINE_BYTES:
        number = first + next(n for n, line in enumerate(lines) if len(line) > MAX_LINE_BYTES)
        raise refused_body("line_too_long", f"Line {number:,} has more than {MAX_LINE_BYTES:,} bytes.")
