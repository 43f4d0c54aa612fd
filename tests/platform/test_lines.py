"""Streams cut into blocks of whole lines: the same blocks, and the same refusal, however the bytes arrive."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, cycle, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical_engine.common.errors import RefusedError
from clinical_engine.common.lines import Block, Bounds, blocks
from clinical_engine.common.lines.csv import fault_of_quotes, has_its_quotes_in_place

BLOCK = 64 * 1024
MARK = b"\xef\xbb\xbf"
BOUNDS = Bounds("file", 40, line_bytes=BLOCK, total_bytes=1024 * 1024)
AROUND_A_BLOCK = (BLOCK - 4, BLOCK - 1, BLOCK, BLOCK + 1, 70_000, 2 * BLOCK)
Cut = tuple[list[Block], str]


def cut(chunks: Iterator[bytes], bounds: Bounds = BOUNDS) -> Cut:
    """The blocks of a stream, and the message with which it was refused ('' for none)."""
    found: list[Block] = []
    try:
        found.extend(blocks(chunks, bounds))
    except RefusedError as error:
        return found, error.refusals[0].message
    return found, ""


def in_chunks(body: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """The body in chunks of these sizes, over and over."""
    start = 0
    for size in cycle(sizes):
        if start >= len(body):
            return
        yield body[start : start + size]
        start += size


def expected(body: bytes) -> tuple[list[bytes], str]:
    """The lines that a body within its size has, and why it is refused; read as a whole, in the plainest way."""
    lines = body.removeprefix(MARK).split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) > BOUNDS.line_bytes:
            return lines, f"Line {number} has more than 65,536 bytes."
    return lines, "" if len(lines) <= BOUNDS.lines else "The file has more than 40 lines."


bodies = st.builds(
    lambda mark, lines, end: mark + b"\n".join(b"x" * length for length in lines) + end,
    st.sampled_from([b"", MARK]),
    st.lists(st.sampled_from([0, 1, 30, 20_000, *AROUND_A_BLOCK]), max_size=8),
    st.sampled_from([b"", b"\n"]),
)
sizes = st.lists(st.sampled_from([1000, 8192, *AROUND_A_BLOCK, 300_000]), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(body=bodies, sizes=sizes)
def test_blocks_and_refusals_are_the_same_however_the_bytes_are_cut(body: bytes, sizes: list[int]) -> None:
    found, refusal = cut(in_chunks(body, sizes))
    assert (found, refusal) == cut(iter([body]))
    lines, why = expected(body)
    assert refusal == why
    given_out = [line for block in found for line in block.lines]
    assert given_out == (lines if not why else lines[: len(given_out)])
    assert all(block.lines and block.content.count(b"\n") == len(block.lines) for block in found)
    assert [block.first for block in found] == [
        1 + sum(len(before.lines) for before in found[:place]) for place in range(len(found))
    ]


@pytest.mark.parametrize("size", [1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 128 * 1024, 10**6])
@pytest.mark.parametrize("end", [b"", b"\n", b"\nmore\n"])
def test_a_first_line_that_is_too_long_is_named_whatever_size_the_chunks_have(size: int, end: bytes) -> None:
    assert cut(in_chunks(b"x" * 70_000 + end, [size])) == ([], "Line 1 has more than 65,536 bytes.")


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, 10**6])
def test_a_line_of_the_greatest_length_is_taken_also_behind_a_byte_order_mark(size: int) -> None:
    longest = b"x" * BLOCK
    for body in (MARK + longest, MARK + longest + b"\n", longest):
        [block], refusal = cut(in_chunks(body, [size]))
        assert (block.lines, refusal) == ([longest], "")


@pytest.mark.parametrize("size", [1000, BLOCK, 10**6, 10**7])
def test_of_two_bounds_the_same_one_is_named_whatever_size_the_chunks_have(size: int) -> None:
    long_line_first = b"x" * 70_000 + b"\n" * 2_000_000
    assert cut(in_chunks(long_line_first, [size]))[1] == "Line 1 has more than 65,536 bytes."
    line = b"x" * 50_000 + b"\n"
    too_large_first = line * 30 + b"x" * 70_000
    assert cut(in_chunks(too_large_first, [size]))[1] == "The file has more than 1 MB, unpacked."
    too_many_first = b"\n" * 41 + b"x" * 2_000_000
    assert cut(in_chunks(too_many_first, [size]))[1] == "The file has more than 40 lines."


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_of_a_long_line_with_cr_in_it_the_ends_of_lines_are_told(end: bytes) -> None:
    told = "Line 1 has more than 65,536 bytes. In it is CR without LF: lines must end with LF or CRLF."
    assert cut(iter([b"x" * 100 + b"\r" + b"x" * BLOCK + end]))[1] == told
    assert cut(iter([b"x" * BLOCK + b"x\r" + end]))[1] == "Line 1 has more than 65,536 bytes."


texts = st.text(st.sampled_from('a,"'), max_size=8)


@given(values=st.lists(texts, min_size=1, max_size=4))
def test_a_line_that_was_written_as_csv_has_no_fault_of_quotes(values: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    assert not fault_of_quotes(line.getvalue())


@given(line=texts)
def test_there_is_a_fault_of_quotes_where_a_line_cannot_be_read_and_only_there(line: str) -> None:
    assert bool(fault_of_quotes(line)) is not bool(has_its_quotes_in_place(line))


def test_an_endless_line_is_refused_after_two_blocks_of_it() -> None:
    read: list[int] = []

    def counted() -> Iterator[bytes]:
        for chunk in chain([b"one\ntwo\n"], repeat(b"x" * 1000)):
            read.append(len(chunk))
            yield chunk

    assert cut(counted()) == (
        [Block(1, b"one\ntwo\n", [b"one", b"two"])],
        "Line 3 has more than 65,536 bytes.",
    )
    assert sum(read) <= 2 * BLOCK + 1000
