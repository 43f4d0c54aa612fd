"""What a single line says, and each reason for which one is refused."""

from datetime import date, time
from decimal import Decimal

import pytest

from observations.catalogue.preload import DIABETES_DIARY, VITAL_SIGNS
from observations.diabetes.lines import MEANINGS, Entry, Unreadable, read_line
from observations.diabetes.report import explain


def line(*columns: str) -> str:
    return "\t".join(columns)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (line("04-21-1991", "9:09", "58", "100"), Entry(date(1991, 4, 21), time(9, 9), "58", Decimal(100))),
        (line("04-21-1991", "09:09", "33", "009"), Entry(date(1991, 4, 21), time(9, 9), "33", Decimal(9))),
        (line("12-31-1990", "0:00", "34", "2.5"), Entry(date(1990, 12, 31), time(0), "34", Decimal("2.5"))),
        (line("02-29-1988", "23:59", "65", "000"), Entry(date(1988, 2, 29), time(23, 59), "65", value=True)),
    ],
)
def test_a_good_line_says_day_time_code_and_value(text: str, entry: Entry) -> None:
    assert read_line(text) == entry


def test_a_glucose_reading_keeps_its_own_code_and_means_the_loinc_code() -> None:
    entries = [read_line(line("04-21-1991", "9:09", code, "100")) for code in ("48", "57", "58", "64")]
    assert [entry.code for entry in entries if isinstance(entry, Entry)] == ["48", "57", "58", "64"]
    assert {entry.meaning.code for entry in entries if isinstance(entry, Entry)} == {"2339-0"}


def test_every_meaning_is_in_the_catalogue_with_its_unit() -> None:
    units = {code: units for _, code, _, _, units in VITAL_SIGNS + DIABETES_DIARY}
    assert len(MEANINGS) == 20
    for meaning in MEANINGS.values():
        assert units[meaning.code] == ([meaning.unit] if meaning.unit else [])


REFUSED = {
    Unreadable.EMPTY_LINE: ["", "   ", "\t\t\t"],
    Unreadable.WRONG_COLUMNS: ["04-21-1991 9:09 58 100", line("04-21-1991", "9:09", "58"), line(*"12345")],
    Unreadable.DATE_MISSING: [line("", "138", "33", "3A")],
    Unreadable.BAD_DATE: [
        line(text, "9:09", "58", "100")
        for text in (
            "06-31-1990",
            "02-29-1991",
            "13-01-1990",
            "1990-05-02",
            "5-02-1990",
            "05-02-90",
            "00-00-0000",
        )
    ],
    Unreadable.BAD_TIME: [
        line("04-21-1991", text, "58", "100")
        for text in ("11:0", "24:00", "9:60", "188:00", "56:35", "", "9", "٩:٠٩")
    ],
    Unreadable.UNKNOWN_CODE: [
        line("04-21-1991", "9:09", code, "100")
        for code in ("0", "4", "36", "56", "73", "", "058", "-58", "x")
    ],
    Unreadable.VALUE_MISSING: [line("04-21-1991", "9:09", code, "") for code in ("33", "58", "65")],
    Unreadable.BEYOND_METER: [line("04-21-1991", "9:09", "58", text) for text in ("0Hi", "0Lo", "HI")],
    Unreadable.NOT_A_NUMBER: [
        line("04-21-1991", "9:09", "33", text)
        for text in ("3A", "1e3", "NaN", "Infinity", "1,5", ".5", "١٢", "1_0")
    ],
    Unreadable.NOT_POSITIVE: [
        line("04-21-1991", "9:09", code, value) for code in ("33", "64") for value in ("0", "-4")
    ],
    Unreadable.EVENT_WITH_VALUE: [line("04-21-1991", "9:09", "65", text) for text in ("7", "x")],
}


@pytest.mark.parametrize(
    ("reason", "text"), [(reason, text) for reason, texts in REFUSED.items() for text in texts]
)
def test_a_bad_line_is_refused_for_its_reason(reason: Unreadable, text: str) -> None:
    assert read_line(text) is reason


def test_every_reason_has_an_example_and_words_for_people() -> None:
    assert set(REFUSED) == set(Unreadable)
    assert len({explain(reason) for reason in Unreadable}) == len(Unreadable)
    assert all(explain(reason) != reason.replace("_", " ") for reason in Unreadable)
