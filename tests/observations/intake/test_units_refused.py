"""Why a unit is refused agrees with what the catalogue would take, had somebody listed the unit for the code."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from observations.catalogue import Entry, catalogue
from observations.catalogue.content import Content, content_of
from observations.catalogue.rules import refusals_of
from observations.intake.checking import check
from observations.models import Code, ValueKind
from observations.readings import Reading
from tests.factories import NOON
from tests.observations.catalogue.editing import PEAK_FLOW, add, entry

pytestmark = pytest.mark.django_db
CREATININE_IN_URINE = replace(
    PEAK_FLOW, code="2161-8", display="Creatinine in urine", units=("mg/dL",), molar_mass=Decimal("113.12")
)
UNITS = (
    "mg/dl",
    "g/L",
    "mmol/l",
    "umol/L",
    "mol/L",
    "meq/L",
    "mmol",
    "mg",
    "K",
    "[stone_av]",
    "m",
    "kPa",
    "Hz",
    "1",
    "[iU]",
    "[IU]",
)


def refused_as(unit: str, code: Entry) -> str:
    found = check(Reading("m-1", "p-1", code.code, Decimal(7), unit, NOON), catalogue(), NOON)
    assert isinstance(found, list), f"{unit} is taken for {code.code}"
    [refusal] = found
    assert refusal.field == "unit"
    assert unit in refusal.message
    assert all(taken in refusal.message for taken in code.units)
    return refusal.code


def reason_of_listing(unit: str, content: Content) -> str | None:
    [*refusals] = refusals_of(replace(content, units=(*content.units, unit)), {})
    return next((refusal.code for refusal in refusals), None)


def measured_quantities() -> Iterator[Entry]:
    return (
        code
        for code in catalogue().by_id.values()
        if code.kind == ValueKind.QUANTITY and not code.is_computed
    )


@pytest.mark.usefixtures("any_unit")
def test_a_unit_that_the_catalogue_could_list_is_the_wrong_one_and_any_other_of_another_dimension() -> None:
    add(CREATININE_IN_URINE)
    seen = set()
    for code in measured_quantities():
        content = content_of(Code.objects.get(pk=code.id))
        for unit in set(UNITS) - set(code.units):
            expected = reason_of_listing(unit, content) or "wrong_unit"
            seen.add(expected)
            assert refused_as(unit, code) == expected, (code.code, unit)
    assert seen == {"wrong_unit", "wrong_dimension"}


def test_the_molar_mass_tells_what_could_be_converted_where_one_unit_is_listed() -> None:
    assert add(CREATININE_IN_URINE).units.count() == 1
    assert refused_as("umol/L", entry("2161-8")) == "wrong_unit"
    assert refused_as("mmol", entry("2161-8")) == "wrong_dimension"
