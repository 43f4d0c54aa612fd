"""Bodies that are broken off, endless, or not what they seem."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import chain, islice, repeat

import pytest
from django.db import DatabaseError, connection

from clinical_engine.common.errors import RefusedError
from clinical_engine.common.lines import unpacked
from patients.models import RosterLine
from patients.rosters.reading import MAX_LINES, ReadingStoppedError, RosterForm, RosterReader
from tests.patients.rosters.rows import SINCE, csv, ndjson, pieces, read, reader_of

MEGABYTE = 1024 * 1024
COPY = "COPY patients_rosterline (roster_id, line, external_id, active_since) FROM STDIN"


def refused_by(
    chunks: Iterator[bytes], form: RosterForm = RosterForm.NDJSON, *, gzipped: bool = False
) -> tuple[str, str]:
    """Code and message for which a body as a whole is refused."""
    reader = reader_of(chunks, form, gzipped=gzipped)
    with pytest.raises(RefusedError) as refused, reader.failing_with_its_reason():
        read_all(reader)
    [refusal] = refused.value.refusals
    return refusal.code, refusal.message


def read_all(reader: RosterReader) -> None:
    while reader.read(8192):
        pass


def counted(chunks: Iterator[bytes], counts: list[int]) -> Iterator[bytes]:
    for chunk in chunks:
        counts.append(len(chunk))
        yield chunk


@pytest.mark.parametrize("size", [1, 10, 100_000])
def test_several_gzip_members_and_zeros_behind_them_are_one_body(size: int) -> None:
    body = ndjson(*(f"p-{n}" for n in range(3000)))
    packed = gzip.compress(body[:50_000]) + gzip.compress(b"") + gzip.compress(body[50_000:]) + bytes(700)
    assert read(packed, gzipped=True, size=size) == read(body)


@pytest.mark.parametrize("left", [0, 1, 10, 500, -1])
def test_a_gzip_that_was_cut_off_is_refused_wherever_it_ends(left: int) -> None:
    packed = gzip.compress(ndjson(*(f"p-{n * n}" for n in range(3000))))
    code, _ = refused_by(pieces(packed[:left]), gzipped=True)
    assert code == "truncated_gzip"


@pytest.mark.parametrize(
    "packed",
    [
        ndjson("p-1"),
        gzip.compress(ndjson("p-1")) + b"more",
        gzip.compress(ndjson("p-1"))[:-8] + b"12345678",
        zlib.compress(ndjson("p-1")),
    ],
    ids=["plain", "more behind", "wrong sum", "zlib"],
)
def test_a_gzip_that_is_none_or_whose_sum_is_wrong_is_refused(packed: bytes) -> None:
    assert refused_by(pieces(packed), gzipped=True)[0] == "broken_gzip"


def test_countless_empty_gzip_members_are_refused() -> None:
    chunk = gzip.compress(b"") * 1000
    given: list[int] = []
    assert refused_by(counted(repeat(chunk), given), gzipped=True)[0] == "broken_gzip"
    assert len(given) == 101


def bomb() -> Iterator[bytes]:
    """A gzip that swells a thousandfold, and has no end."""
    packer = zlib.compressobj(9, wbits=31)
    # What stands between two full flushes can be repeated at will.
    first, again = (
        packer.compress((b" " * 4000 + b"\n") * 1000) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return chain([first], repeat(again))


def test_a_gzip_that_swells_without_end_is_refused_and_never_stands_in_memory() -> None:
    assert refused_by(bomb(), gzipped=True)[0] == "too_large"
    assert max(map(len, islice(unpacked(bomb()), 200))) <= 128 * 1024


def test_a_gigabyte_of_one_line_is_refused_as_soon_as_the_line_is_too_long() -> None:
    given: list[int] = []
    endless = chain([ndjson("p-1", "p-2")], repeat(b"x" * 1000, 1024**3 // 1000))
    code, message = refused_by(counted(endless, given))
    assert (code, message) == ("line_too_long", "Line 3 has more than 4,096 bytes.")
    assert sum(given) < MEGABYTE


@pytest.mark.parametrize(("length", "is_taken"), [(4096, True), (4097, False)])
def test_a_line_has_at_most_four_kilobytes_wherever_the_pieces_end(length: int, *, is_taken: bool) -> None:
    line = ndjson("p-2").strip().ljust(length)
    body = ndjson("p-1", line, "p-3")
    for size in (1000, len(body)):
        if is_taken:
            assert read(body, size=size).lines == 3
        else:
            assert refused_by(pieces(body, size)) == ("line_too_long", "Line 2 has more than 4,096 bytes.")


@pytest.mark.parametrize("form", RosterForm)
def test_more_than_two_million_lines_are_refused(form: RosterForm) -> None:
    most = [b"" if form is RosterForm.NDJSON else csv(), *repeat(b"\n" * 1000, MAX_LINES // 1000)]
    assert not reader_of(most, form).read()
    assert refused_by(iter([*most, b"\n"]), form)[0] == "too_many_lines"


def test_reading_holds_about_a_megabyte_however_long_the_roster_is() -> None:
    block = ndjson(*(f"patient-{n}" for n in range(1000)))
    reader = reader_of(repeat(block, 100))
    tracemalloc.start()
    try:
        read_all(reader)
        assert tracemalloc.get_traced_memory()[1] < 2 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert reader.lines == 100_000


def test_a_read_gives_no_more_than_was_asked_for_and_together_they_give_everything() -> None:
    body = ndjson(*(f"p-{n}" for n in range(3000)))
    asked = reader_of(pieces(body))
    given = list(iter(lambda: asked.read(100), b""))
    assert max(map(len, given)) <= 100
    assert b"".join(given) == reader_of(pieces(body)).read()
    assert asked.read(100) == b""


@pytest.mark.django_db
def test_the_database_reads_the_rows_as_they_were_sent() -> None:
    texts = [
        "p-1",
        "\\",
        "\\N",
        "\\.",
        "a\\tb",
        "\\\\n",
        "Zoë",
        "\U0001f9d1",
        '"',
        "a b",
        "x" * 128,
        "{}",
        ",",
    ]
    reader = reader_of(pieces(ndjson(*texts, {"external_id": "p-2"}, b"nothing"), 7))
    with connection.cursor() as cursor, reader.failing_with_its_reason():
        cursor.copy_expert(COPY, reader)
    stored = RosterLine.objects.order_by("line").values_list("line", "external_id", "active_since")
    assert [(line, text) for line, text, _ in stored] == list(enumerate([*texts, "p-2"], start=1))
    assert [since and since.isoformat() for _, _, since in stored] == [
        *[SINCE.replace("Z", "+00:00")] * len(texts),
        None,
    ]


@pytest.mark.django_db
def test_what_breaks_off_a_copy_is_raised_itself_and_never_told_to_the_database() -> None:
    class GoneError(Exception):
        pass

    def broken() -> Iterator[bytes]:
        yield ndjson("p-1")
        raise GoneError("Mrs Miller")

    reader = reader_of(broken())
    with connection.cursor() as cursor:
        with pytest.raises(DatabaseError) as told, connection.wrap_database_errors:
            cursor.copy_expert(COPY, reader)
        assert "Miller" not in str(told.value)
        with pytest.raises(GoneError), reader.failing_with_its_reason():
            raise told.value


def test_an_interruption_while_reading_is_not_lost() -> None:
    def interrupt() -> bytes:
        raise KeyboardInterrupt

    reader = reader_of(iter(interrupt, b""))
    with pytest.raises(ReadingStoppedError):
        reader.read(10)
    with pytest.raises(KeyboardInterrupt), reader.failing_with_its_reason():
        raise DatabaseError
