"""Scripts can compute with whatever number the intake accepts: of any code, in any unit."""

from decimal import Context, Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from observations.catalogue import Catalogue, Conversion, Entry, catalogue
from observations.computing.forms import Form, Row, sources_of
from observations.engine.limits import NUMBER_LIMIT
from observations.engine.values import admit
from observations.intake.checking import Stored, check
from observations.models import ValueKind
from observations.readings import Reading
from tests.factories import NOON

DIGITS = 30
LIMIT = Decimal(NUMBER_LIMIT)
GLUCOSE = Conversion(Decimal(0), Decimal("180.156"), Decimal(10))
FAHRENHEIT = Conversion(Decimal(-32), Decimal(5), Decimal(9))

# Of any size and length, one digit more than is taken among them.
anything = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=DIGITS + 1).map(tuple),
    st.integers(-DIGITS - 1, 20),
)
factors = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 10**6), st.integers(-60, 60)
)
shifts = st.just(Decimal(0)) | st.decimals(-(10**16), 10**16, places=2)
conversions = st.builds(Conversion, shifts, factors, st.just(Decimal(1)))


def near_limit_of(conversion: Conversion | None) -> st.SearchStrategy[Decimal]:
    """Numbers that become about as large as the limit, some only when they are rounded to a double."""
    at_limit = LIMIT if conversion is None else conversion.back(LIMIT)
    shares = st.decimals(Decimal("0.99"), Decimal("1.01"), places=4) | st.decimals(
        1 - Decimal("2e-15"), 1 + Decimal("2e-15"), places=18
    )
    context = Context(prec=DIGITS)
    return st.tuples(shares, st.sampled_from((1, -1))).map(
        lambda drawn: context.multiply(at_limit, drawn[0]) * drawn[1]
    )


def numbers(conversion: Conversion | None) -> st.SearchStrategy[Decimal]:
    return anything | near_limit_of(None) | near_limit_of(conversion)


def quantity_in(**units: Conversion | None) -> Entry:
    """A code of these units."""
    return Entry(
        id=1,
        code="quantity",
        system="",
        display="",
        kind=ValueKind.QUANTITY,
        is_computed=False,
        units=units,
        plausible_low=None,
        plausible_high=None,
        answers={},
        parts={},
    )


def checked(number: Decimal, unit: str, entry: Entry) -> Stored | list[tuple[str, str]]:
    """What is stored of a number, or the field and the code of each refusal."""
    reading = Reading("m-1", "p-1", entry.code, number, unit, NOON)
    found = check(reading, Catalogue(NOON, {entry.code: entry}, {entry.id: entry}), NOON)
    return found if isinstance(found, Stored) else [(refusal.field, refusal.code) for refusal in found]


def reasons(number: Decimal, conversion: Conversion | None) -> list[tuple[str, str]]:
    """Why a number is to be refused, told in the plainest way."""
    _, digits, exponent = number.as_tuple()
    if abs(float(number)) >= NUMBER_LIMIT:
        return [("value", "too_large")]
    if len(digits) > DIGITS or abs(int(exponent)) > DIGITS:
        return [("value", "too_many_digits")]
    if conversion is not None and abs(float(conversion(number))) >= NUMBER_LIMIT:
        return [("value", "too_large")]
    return []


@given(st.lists(conversions, max_size=3), st.data())
@settings(max_examples=600)
def test_a_number_is_refused_as_too_large_when_it_is_beyond_the_limit_as_sent_or_converted(
    others: list[Conversion], data: st.DataObject
) -> None:
    units = {"canonical": None, **{f"unit {place}": other for place, other in enumerate(others)}}
    unit = data.draw(st.sampled_from(sorted(units)))
    number = data.draw(numbers(units[unit]))
    found = checked(number, unit, quantity_in(**units))
    assert ([] if isinstance(found, Stored) else found) == reasons(number, units[unit])


@given(st.lists(conversions, min_size=1, max_size=3), anything)
@example([GLUCOSE], Decimal("9.99999999"))
@settings(max_examples=600)
def test_below_the_power_of_ten_that_is_safe_no_unit_leads_beyond_the_limit(
    others: list[Conversion], number: Decimal
) -> None:
    entry = quantity_in(canonical=None, **{f"unit {place}": other for place, other in enumerate(others)})
    below = number.scaleb(entry.safe_digits - 1 - number.adjusted())
    for conversion in others:
        # What is smaller than any number that is read never comes this far.
        if entry.safe_digits >= -DIGITS:
            assert abs(float(conversion(below))) < NUMBER_LIMIT


@pytest.mark.parametrize(
    ("units", "safe"),
    [
        ({}, 14),
        ({"degF": FAHRENHEIT}, 14),
        ({"g": Conversion(Decimal(0), Decimal(1), Decimal(1000))}, 14),
        ({"mmol": GLUCOSE}, 13),
        ({"mmol": GLUCOSE, "Mg": Conversion(Decimal(0), Decimal(10**6), Decimal(1))}, 8),
        ({"down": Conversion(Decimal("-9.5e14"), Decimal(1), Decimal(1))}, 13),
        ({"far": Conversion(Decimal(0), Decimal(10**44), Decimal(1))}, -30),
        ({"farther": Conversion(Decimal(0), Decimal(10**60), Decimal(1))}, -31),
    ],
)
def test_a_code_knows_which_numbers_need_no_look(units: dict[str, Conversion], safe: int) -> None:
    assert quantity_in(canonical=None, **units).safe_digits == safe


@pytest.mark.django_db
@given(st.data())
@settings(max_examples=400)
def test_scripts_can_read_what_is_accepted_of_every_code_in_every_unit(data: st.DataObject) -> None:
    codes = catalogue()
    every = [
        (entry, unit)
        for entry in codes.by_id.values()
        if entry.kind == ValueKind.QUANTITY and not entry.is_computed
        for unit in entry.units
    ]
    entry, unit = data.draw(st.sampled_from(every), label="code and unit")
    found = checked(data.draw(numbers(entry.units[unit])), unit, entry)
    if isinstance(found, Stored):
        quantity = found.quantity if found.converted is None else found.converted
        assert quantity is not None
        (_, taken_out_of), *_ = sources_of(Form(entry.code, "", (), "value"), codes)
        number = taken_out_of(Row(float(quantity), None, None, None, None))
        assert admit("x", number) == number
    else:
        assert {field for field, _ in found} == {"value"}
        assert {code for _, code in found} <= {"too_large", "too_many_digits"}
