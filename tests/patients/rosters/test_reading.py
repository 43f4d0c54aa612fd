from datetime import UTC, datetime

import pytest

from clinical_engine.common.errors import RefusedError
from patients.rosters.reading import MAX_PROBLEMS, RosterForm
from tests.patients.rosters.rows import AS_OF, SINCE, codes, csv, ndjson, read

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
NAME, TIME = ("external_id", "p-1"), ("active_since", SINCE)


def _object(*members: tuple[str, str]) -> bytes:
    """A JSON object of members that are written as they are given, some twice."""
    return ("{" + ",".join(f'"{name}":"{value}"' for name, value in members) + "}").encode()


def test_each_line_of_ndjson_becomes_a_row_with_its_number() -> None:
    found = read(ndjson("p-1", b"", b"  \r", ("p-2", "2026-03-01T01:00:00+01:00")))
    assert found.rows == [(1, "p-1", BEGINNING), (4, "p-2", BEGINNING)]
    assert (found.lines, found.unreadable) == (2, 0)


def test_each_line_of_csv_becomes_a_row_whatever_the_order_of_its_columns() -> None:
    found = read(
        csv(f'{SINCE},"p,""1"""', "", f"{SINCE},p-2", header='"active_since",external_id'), RosterForm.CSV
    )
    assert found.rows == [(2, 'p,"1"', BEGINNING), (4, "p-2", BEGINNING)]
    assert (found.lines, found.unreadable) == (2, 0)


def test_quotes_and_backslashes_in_a_value_are_taken_in_both_forms() -> None:
    texts = ['"', '""', 'p,"1"', "\\", '\\"', '\\\\"\\', '","', "external_id", '"external_id":']
    lines = (f'"{text.replace(chr(34), chr(34) * 2)}",{SINCE}\r' for text in texts)
    for found in (read(ndjson(*texts)), read(csv(*lines), RosterForm.CSV)):
        assert [text for _, text, _ in found.rows] == texts
        assert not found.problems


@pytest.mark.parametrize("form", RosterForm)
def test_line_ends_of_other_systems_a_byte_order_mark_and_a_last_line_without_end_are_fine(
    form: RosterForm,
) -> None:
    body = ndjson("p-1", "p-2") if form is RosterForm.NDJSON else csv(f"p-1,{SINCE}", f"p-2,{SINCE}")
    plain = read(body, form)
    assert [text for _, text, _ in plain.rows] == ["p-1", "p-2"]
    assert read(b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n").removesuffix(b"\r\n"), form) == plain


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_it_does_not_matter_in_which_pieces_a_body_comes(size: int) -> None:
    body = ndjson("p-1", {"external_id": "p-2"}, "Zoë\\t")
    assert read(body, size=size) == read(body, size=len(body))


@pytest.mark.parametrize(
    ("line", "field", "code", "named"),
    [
        (b"nothing", "line", "not_json", False),
        (b"[]", "line", "not_json", False),
        (b'{"external_id": "p-1"', "line", "not_json", False),
        (b'{"external_id": "p-1", "active_since": "' + SINCE.encode() + b'"} {}', "line", "not_json", False),
        (b'{"external_id": "\xff", "active_since": "' + SINCE.encode() + b'"}', "line", "not_text", False),
        (b"[" * 4000, "line", "not_json", False),
        ({"external_id": "p-1"}, "active_since", "missing", True),
        ({"active_since": SINCE}, "external_id", "missing", False),
        ({"external_id": 5, "active_since": SINCE}, "external_id", "invalid", False),
        ({"external_id": "p-1", "active_since": None}, "active_since", "invalid", True),
        ({"external_id": "p-1", "active_since": SINCE, "name": "x"}, "line", "unknown_field", True),
        (_object(("external_id", "p-2"), NAME, TIME), "line", "repeated_field", False),
        (_object(NAME, NAME, TIME), "line", "repeated_field", False),
        (_object(NAME, ("external\\u005fid", "p-2"), TIME), "line", "repeated_field", False),
        (_object(("external_id", "a\\\\"), ("external_id", 'b\\"'), TIME), "line", "repeated_field", False),
        (_object(NAME, ("active_since", "2026-03-02T00:00:00Z"), TIME), "line", "repeated_field", True),
        (_object(NAME, NAME), "active_since", "missing", False),
        (_object(NAME, NAME, TIME, ("x", "y")), "line", "unknown_field", False),
        (("", SINCE), "external_id", "empty", False),
        ((" p-1", SINCE), "external_id", "not_printable", False),
        (("p\n1", SINCE), "external_id", "not_printable", False),
        (("p\t1", SINCE), "external_id", "not_printable", False),
        (("p\0", SINCE), "external_id", "not_printable", False),
        (("x" * 129, SINCE), "external_id", "too_long", False),
        (("", "1700-01-01T00:00:00Z"), "external_id", "empty", False),
        (("p-1", "yesterday"), "active_since", "invalid", True),
        (("p-1", "2026-03-01"), "active_since", "invalid", True),
        (("p-1", "2026-03-01T00:00:00"), "active_since", "time_zone_missing", True),
        (("p-1", "2026-03-01T00:00:00+14:01"), "active_since", "no_such_offset", True),
        (("p-1", "1899-12-31T23:59:59Z"), "active_since", "too_early", True),
        (("p-1", "2026-03-10T12:00:00.000001Z"), "active_since", "after_as_of", True),
        (("p-1", "9999-12-31T23:59:59Z"), "active_since", "in_the_future", True),
    ],
)
def test_a_bad_line_is_counted_with_its_reason_and_touches_no_other(
    line: object, field: str, code: str, *, named: bool
) -> None:
    found = read(ndjson("first", line, "last"))
    assert codes(found) == [(2, field, code)]
    assert (found.lines, found.unreadable, found.unnamed) == (3, 1, not named)
    unusable = [(2, "p-1", None)] if named else []
    assert found.rows == [(1, "first", BEGINNING), *unusable, (3, "last", BEGINNING)]


@pytest.mark.parametrize(
    ("line", "field", "code", "named"),
    [
        ("p-1", "line", "not_csv", False),
        (f"p-1,{SINCE},", "line", "not_csv", False),
        (f'"p-1,{SINCE}', "line", "not_csv", False),
        (f'"p"-1,{SINCE}', "line", "not_csv", False),
        (f"p\r1,{SINCE}", "line", "not_csv", False),
        (f'""line"",{SINCE}', "line", "not_csv", False),
        (f'the ""last"" line",{SINCE}', "line", "not_csv", False),
        (f'li"ne,{SINCE}', "line", "not_csv", False),
        (f'"p-1",{SINCE}"', "line", "not_csv", False),
        (f" p-1,{SINCE}", "external_id", "not_printable", False),
        ("p-1,", "active_since", "empty", True),
        (f"p-1, {SINCE}", "active_since", "invalid", True),
        ("p-1,2026-03-01T00:00:00", "active_since", "time_zone_missing", True),
    ],
)
def test_so_is_a_bad_line_of_csv(line: str, field: str, code: str, *, named: bool) -> None:
    found = read(csv(f"first,{SINCE}", line, f"last,{SINCE}"), RosterForm.CSV)
    assert codes(found) == [(3, field, code)]
    assert (found.lines, found.unreadable, found.unnamed) == (3, 1, not named)
    unusable = [(3, "p-1", None)] if named else []
    assert found.rows == [(2, "first", BEGINNING), *unusable, (4, "last", BEGINNING)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("p-1", "Must be two values with a comma between."),
        (
            f'"p-1,{SINCE}',
            "The quote at the beginning of a value has none that ends the value on the same line.",
        ),
        (
            f'li"ne,{SINCE}',
            "A quote stands in the middle of a value: put the value in quotes, and double every quote in it.",
        ),
    ],
)
def test_a_bad_line_of_csv_is_told_what_is_wrong_with_it(line: str, told: str) -> None:
    [problem] = read(csv(line), RosterForm.CSV).problems
    assert problem.message == told


def test_a_line_of_csv_that_is_no_text_is_counted() -> None:
    body = csv(f"p-1,{SINCE}") + b"\xff," + SINCE.encode() + b"\n"
    assert codes(read(body, RosterForm.CSV)) == [(3, "line", "not_text")]


def test_objects_that_do_not_keep_to_their_lines_are_bad_lines_even_where_their_number_fits() -> None:
    whole = ndjson("p-1").strip()
    found = read(whole + whole + b"\n" + whole.replace(b", ", b",\n") + b"\n")
    assert [code for _, _, code in codes(found)] == ["not_json"] * 3
    assert not found.rows


def test_no_problem_repeats_what_was_sent() -> None:
    secret = "Mrs-Miller"
    lines = [
        {secret: 1},
        {"external_id": f"{secret}\n", "active_since": SINCE},
        {"external_id": "p", "active_since": secret},
        secret.encode(),
        {"external_id": [secret], "active_since": SINCE},
    ]
    found = read(ndjson(*lines))
    assert found.unreadable == len(lines)
    assert secret not in str(found.problems)


def test_a_problem_is_told_in_words_that_name_no_type_of_the_decoders() -> None:
    found = read(
        ndjson({"external_id": "p-1", "active_since": "yesterday"}, {"external_id": 5, "active_since": SINCE})
    )
    assert [problem.message for problem in found.problems] == [
        "Must be a time such as 2026-01-31T08:00:00+01:00.",
        "Must be text.",
    ]


def test_only_the_first_problems_are_kept_and_all_are_counted() -> None:
    found = read(ndjson(*[b"nothing"] * (MAX_PROBLEMS + 5), "p-1"))
    assert found.unreadable == found.unnamed == MAX_PROBLEMS + 5
    assert [problem.line for problem in found.problems] == list(range(1, MAX_PROBLEMS + 1))
    assert len(found.rows) == 1


def test_a_patient_may_be_active_since_the_very_time_of_the_roster() -> None:
    assert read(ndjson(("p-1", AS_OF.isoformat()))).rows == [(1, "p-1", AS_OF)]


def test_an_empty_body_is_a_roster_without_lines_only_where_nothing_could_be_forgotten() -> None:
    assert read(b"").lines == read(csv(), RosterForm.CSV).lines == 0
    with pytest.raises(RefusedError, match="header"):
        read(b"", RosterForm.CSV)


@pytest.mark.parametrize(
    "header",
    ["external_id", "external_id;active_since", f"p-1,{SINCE}", "external_id,external_id", "", "\udcff"],
)
def test_csv_without_the_two_names_above_it_is_refused(header: str) -> None:
    body = f"{header}\np-1,{SINCE}\n".encode(errors="surrogateescape")
    with pytest.raises(RefusedError) as refused:
        read(body, RosterForm.CSV)
    assert [refusal.code for refusal in refused.value.refusals] == ["no_header"]


def test_the_rest_of_a_value_that_was_broken_over_lines_is_no_patient() -> None:
    found = read(csv('"multi', f'line",{SINCE}', f'"say ""hi""",{SINCE}'), RosterForm.CSV)
    assert [code for _, _, code in codes(found)] == ["not_csv", "not_csv"]
    assert [text for _, text, _ in found.rows] == ['say "hi"']
