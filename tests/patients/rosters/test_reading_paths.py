"""Whole blocks are read at once, or line by line where something is wrong: nobody can tell from what is read."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patients.rosters.reading import RosterForm
from tests.patients.rosters.rows import SINCE, Read, ndjson, read

_OFTEN_GOOD_TEXT = st.one_of(
    st.from_regex(r"[a-z]{1,5}-[0-9]{1,3}", fullmatch=True),
    st.sampled_from(["\\", "\\N", "\\.", "a\\b", "a b", "Zoë", "\U0001d518", "'", '"', ",", "{", "x" * 128]),
)
_ANY_TEXT = st.one_of(
    _OFTEN_GOOD_TEXT,
    st.text(max_size=5),
    st.sampled_from(
        ["", " a", "a ", "\t", "\n", "\r", "\0", "a\tb", "\x85", "\u2028", "\xa0", "\ud800", "x" * 129]
    ),
)
_TIME = st.one_of(
    st.just(SINCE),
    st.sampled_from(
        [
            "2026-03-10T12:00:00Z",
            "2026-03-10T12:00:00.0000001Z",
            "2026-03-10T12:00:00.0000009Z",
            "2026-03-10T14:00:00.000001+02:00",
            "1900-01-01T00:00:00Z",
            "1900-01-01T00:00:00+00:01",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "9999-12-31T23:59:59.9999999Z",
            "2026-03-01T00:00:00+14:00",
            "2026-03-01T00:00:00-14:01",
            "2026-03-01T00:00:00-00:00",
            "2026-03-01 00:00:00z",
            "2026-03-01T00:00:00",
            "2026-03-01T00:00:60Z",
            "2026-02-29T00:00:00Z",
            "1772323200",
            "",
        ]
    ),
)
_PLAIN = st.tuples(_OFTEN_GOOD_TEXT, st.just(SINCE))
_ENTRY = st.one_of(_PLAIN, _PLAIN, st.tuples(_ANY_TEXT, _TIME))


def _json_line(entry: tuple[str, str]) -> bytes:
    return json.dumps({"external_id": entry[0], "active_since": entry[1]}).encode()


# A byte order mark is left out at the beginning of a body, and nowhere else.
_SOME_BYTES = st.binary(max_size=8).filter(
    lambda line: b"\n" not in line and not line.startswith(b"\xef\xbb\xbf")
)
_ODD_JSON = st.one_of(
    st.sampled_from(
        [
            b"",
            b" ",
            b"\r",
            b"[]",
            b"{}",
            b"null",
            b"{",
            b"}",
            b'{"external_id": "p",',
            b'"active_since": "x"}',
            b"\xff",
        ]
    ),
    _SOME_BYTES,
    st.tuples(_PLAIN, _PLAIN).map(lambda two: _json_line(two[0]) + _json_line(two[1])),
    _PLAIN.map(lambda entry: b" " + _json_line(entry) + b"\r"),
    _PLAIN.map(lambda entry: _json_line(entry).replace(b"}", b', "x": {"y": 1}}')),
    st.tuples(_PLAIN, _PLAIN).map(lambda two: _json_line(two[0])[:-1] + b", " + _json_line(two[1])[1:]),
)
_JSON_LINES = st.lists(st.one_of(_ENTRY.map(_json_line), _ENTRY.map(_json_line), _ODD_JSON), max_size=6)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _csv_line(entry: tuple[str, str], *, quoted: bool) -> bytes:
    external_id = _quoted(entry[0]) if quoted else entry[0]
    line = f"{external_id},{entry[1]}".encode(errors="surrogatepass")
    # A line's end within a value is what a test of its own is about.
    return line.replace(b"\n", b"")


_TAIL = b'line",' + SINCE.encode()
_ODD_CSV = st.one_of(
    st.sampled_from(
        [b"", b" ", b"\r", b",", b",,", b'"', b'"a', b'a"', b'"a"b,c', _TAIL, b"\xff,", b"a\rb,c"]
    ),
    _SOME_BYTES,
)
_CSV_LINES = st.lists(
    st.one_of(
        st.builds(_csv_line, _PLAIN, quoted=st.just(True)),
        st.builds(_csv_line, _ENTRY, quoted=st.booleans()),
        _ODD_CSV,
    ),
    max_size=6,
)


def _alone(line: bytes, header: bytes, form: RosterForm) -> Read:
    return read(header + line + b"\n", form)


def _agree(lines: list[bytes], header: bytes, form: RosterForm) -> None:
    first = 2 if header else 1
    together = read(header + b"".join(line + b"\n" for line in lines), form)
    among_bad = read(header + b"".join(line + b"\n" for line in [*lines, b"[]"]), form)
    alone = [_alone(line, header, form) for line in lines]
    rows: list[Any] = [(number, *row[1:]) for number, one in enumerate(alone, first) for row in one.rows]
    problems = [
        (number, problem.field, problem.code, problem.message)
        for number, one in enumerate(alone, first)
        for problem in one.problems
    ]
    assert together.rows == among_bad.rows == rows
    assert [(p.line, p.field, p.code, p.message) for p in together.problems] == problems
    assert among_bad.problems[:-1] == together.problems
    assert together.lines == among_bad.lines - 1 == sum(one.lines for one in alone)
    assert together.unreadable == among_bad.unreadable - 1 == sum(one.unreadable for one in alone)
    assert together.unnamed == among_bad.unnamed - 1 == sum(one.unnamed for one in alone)


@given(lines=_JSON_LINES)
def test_a_line_of_ndjson_says_the_same_alone_as_among_any_others(lines: list[bytes]) -> None:
    _agree(lines, b"", RosterForm.NDJSON)


@given(lines=_CSV_LINES)
def test_a_line_of_csv_says_the_same_alone_as_among_any_others(lines: list[bytes]) -> None:
    _agree(lines, b"external_id,active_since\n", RosterForm.CSV)


@given(entries=st.lists(_ENTRY, min_size=1))
def test_the_same_entries_are_read_alike_in_both_forms(entries: list[tuple[str, str]]) -> None:
    kept = [entry for entry in entries if not set("\n\r\ud800") & set(entry[0])]
    as_json = read(ndjson(*kept))
    lines = b"".join(_csv_line(entry, quoted=True) + b"\n" for entry in kept)
    as_csv = read(b"external_id,active_since\n" + lines, RosterForm.CSV)
    assert [row[1:] for row in as_json.rows] == [row[1:] for row in as_csv.rows]
    assert as_json.unnamed == as_csv.unnamed
