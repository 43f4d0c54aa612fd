"""What UCUM says of units, and how quantities are brought from one to another."""

import os
import subprocess
import sys
from decimal import Decimal

import pytest

from observations.catalogue import preload, preload_scores, units
from observations.catalogue.entries import Conversion
from tests.processor import within

GLUCOSE = Decimal(preload.GLUCOSE_MOLAR_MASS)


@pytest.mark.parametrize(("canonical", "sent"), preload.CONVERSIONS)
def test_the_conversions_that_come_with_the_catalogue_are_those_of_ucum(canonical: str, sent: str) -> None:
    shift, numerator, denominator = map(Decimal, preload.CONVERSIONS[canonical, sent])
    found = units.conversion(sent, canonical, GLUCOSE)
    assert found.shift == shift
    # As fractions: 45359237 of 10^8 is what people write as 0.45359237.
    assert found.numerator * denominator == numerator * found.denominator


@pytest.mark.parametrize(("canonical", "sent"), preload_scores.CONVERSIONS)
def test_creatinine_is_converted_by_its_own_molar_mass(canonical: str, sent: str) -> None:
    shift, numerator, denominator = map(Decimal, preload_scores.CONVERSIONS[canonical, sent])
    found = units.conversion(sent, canonical, Decimal(preload_scores.CREATININE_MOLAR_MASS))
    assert (found.shift, found.numerator * denominator) == (shift, numerator * found.denominator)


@pytest.mark.parametrize(
    ("sent", "unit", "canonical", "expected"),
    [
        ("98.6", "[degF]", "Cel", "37"),
        ("-40", "[degF]", "Cel", "-40"),
        ("310.15", "K", "Cel", "37"),
        ("37", "Cel", "[degF]", "98.6"),
        ("80", "[degRe]", "Cel", "100"),
        ("150", "[lb_av]", "kg", "68.0388555"),
        ("68.0388555", "kg", "[lb_av]", "150"),
        ("70", "[in_i]", "cm", "177.8"),
        ("72500", "g", "kg", "72.5"),
        ("5.5", "mmol/L", "mg/dL", "99.0858"),
        ("180.156", "mg/dL", "mmol/L", "10"),
        ("1", "g/L", "mmol/L", "5.55074490996692"),
        ("60", "/min", "Hz", "1"),
        ("2", "h", "min", "120"),
        ("1", "U", "nkat", "16.6666666666667"),
        ("12", "L/min", "mL/s", "200"),
    ],
)
def test_a_quantity_is_converted_exactly_or_to_fifteen_digits(
    sent: str, unit: str, canonical: str, expected: str
) -> None:
    assert units.conversion(unit, canonical, GLUCOSE)(Decimal(sent)) == Decimal(expected)


def test_there_and_back_gives_what_was_sent() -> None:
    for one, other in preload.CONVERSIONS:
        there, back = units.conversion(one, other, GLUCOSE), units.conversion(other, one, GLUCOSE)
        for sent in map(Decimal, ("0.1", "7.25", "98.6", "612")):
            assert abs(back(there(sent)) - sent) <= sent * Decimal("1e-12"), (one, other)


@pytest.mark.parametrize("unit", ["kg", "[iU]", "[pH]/L", "{score}", "mm[Hg]"])
def test_a_unit_is_itself(unit: str) -> None:
    if units.is_known(unit):
        assert units.conversion(unit, unit) == Conversion(Decimal(0), Decimal(1), Decimal(1))


def test_what_stands_in_braces_counts_for_nothing() -> None:
    assert units.conversion("{beats}/min", "/min")(Decimal(61)) == 61
    assert units.conversion("{score}", "1")(Decimal(9)) == 9


@pytest.mark.parametrize(
    "unit",
    [
        "nonsense",
        "",
        "KG",
        "kg m",
        "mmHg",
        "lbs",
        "°C",
        "\x00",
        "x" * 33,
        "k" * 1_000_000,
        "(" * 32,
        "10*400",
    ],
)
def test_what_is_no_unit_is_said_to_be_none(unit: str) -> None:
    assert not units.is_known(unit)
    assert not units.is_comparable(unit, "kg")
    with pytest.raises(units.UnknownUnitError):
        units.conversion(unit, "kg")


def test_a_unit_of_thirty_two_characters_is_read_and_one_of_thirty_three_is_not() -> None:
    assert units.is_known("kg{" + 28 * "n" + "}")
    assert not units.is_known("kg{" + 29 * "n" + "}")


def test_the_ph_is_refused_since_it_is_a_logarithm() -> None:
    assert not units.is_known("[pH]")


@pytest.mark.parametrize(
    ("unit", "canonical"),
    [("kg", "cm"), ("mg/dL", "mg"), ("Cel", "kg"), ("mmol/L", "mg/dL"), ("%", "/min"), ("mol", "g")],
)
def test_another_dimension_is_refused(unit: str, canonical: str) -> None:
    assert not units.is_comparable(unit, canonical)
    with pytest.raises(units.OtherDimensionError, match="cannot be brought"):
        units.conversion(unit, canonical)


@pytest.mark.parametrize(
    ("unit", "canonical"),
    [
        ("[iU]", "mg"),
        ("[iU]", "1"),
        ("[iU]", "[USP'U]"),
        ("m[iU]/L", "[iU]/L"),
        ("[arb'U]/mL", "/mL"),
        ("[CFU]", "{count}"),
    ],
)
def test_what_a_procedure_defines_is_comparable_with_nothing_else(unit: str, canonical: str) -> None:
    assert not units.is_comparable(unit, canonical)


@pytest.mark.parametrize(("unit", "canonical"), [("meq/L", "mmol/L"), ("mosm/kg", "mmol/kg")])
def test_how_many_equivalents_a_mole_has_is_not_guessed(unit: str, canonical: str) -> None:
    assert not units.is_comparable(unit, canonical)


@pytest.mark.parametrize(
    ("unit", "canonical"), [("B[W]", "W"), ("dB", "1"), ("Np", "1"), ("%[slope]", "deg"), ("[p'diop]", "deg")]
)
def test_a_logarithm_or_another_function_is_not_taken_for_a_factor(unit: str, canonical: str) -> None:
    assert not units.is_comparable(unit, canonical)


def test_the_molar_mass_is_used_between_mass_and_substance_only() -> None:
    assert units.conversion("mmol", "mg", GLUCOSE)(Decimal(1)) == GLUCOSE
    assert units.conversion("mg", "g", GLUCOSE)(Decimal(1)) == Decimal("0.001")
    with pytest.raises(units.OtherDimensionError):
        units.conversion("mmol", "cm", GLUCOSE)


@pytest.mark.parametrize("unit", ["10*999999999", "10^+999999999", "m99999999", "Ym-9999999", "9" * 32])
def test_a_unit_with_a_huge_number_costs_nothing(unit: str) -> None:
    units.is_known("kg")
    with within(1):
        assert not units.is_comparable(unit, "1")


@pytest.mark.parametrize(
    "unit", ["Cel/min", "1/Cel", "Cel2", "kCel", "Cel.m", "Cel/Cel", "m[degF]", "10*99.10*99.10*99.10*99"]
)
def test_a_unit_that_cannot_be_worked_with_is_refused_and_breaks_nothing(unit: str) -> None:
    for canonical in ("Cel", "Cel/min", "1", "K/min"):
        if unit != canonical:
            assert not units.is_known(unit) or not units.is_comparable(unit, canonical)


def test_a_text_that_is_no_unit_is_not_kept() -> None:
    units.is_known("k" * 100_000)
    assert units._parsed.cache_parameters()["maxsize"] == 1024
    assert units._parsed.cache_info().currsize <= 1024


def test_threads_that_ask_first_at_the_same_moment_all_get_the_answer() -> None:
    # In a process of its own, where nobody has asked yet.
    program = (
        "import django\n"
        "django.setup()\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from observations.catalogue.units import is_known\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(all(pool.map(is_known, ['kg', '[lb_av]', 'Cel', '[degF]', 'mg/dL', 'mm[Hg]', '/min', '%'])))\n"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "clinical_engine.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False, text=True
    )
    assert (ended.stdout, ended.stderr) == ("True\n", "")
