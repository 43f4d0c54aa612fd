"""The catalogue that every installation starts with."""

from decimal import Decimal

import pytest

from observations.catalogue import Conversion, catalogue, preload, preload_scores
from observations.catalogue.content import content_of
from observations.catalogue.rules import is_loinc, refusals_of
from observations.models import Code

pytestmark = pytest.mark.django_db
MEASURED = [*preload.VITAL_SIGNS, *preload.DIABETES_DIARY, *preload_scores.MEASURED]
COMPUTED = [*preload.COMPUTED, *preload_scores.COMPUTED]
CONVERSIONS = preload.CONVERSIONS | preload_scores.CONVERSIONS
ITEMS: list[tuple[str, str, str, str, list[str]]] = [
    (system, code, display, "coded", []) for system, code, display in preload.PHQ_9_ITEMS
]
PANELS = [preload.BLOOD_PRESSURE, preload.PHQ_9, preload_scores.CAT]


def test_the_catalogue_has_the_codes_that_are_preloaded_and_no_others() -> None:
    expected = [*MEASURED, *COMPUTED, *ITEMS, *preload_scores.CAT_ITEMS, *PANELS, preload.NOTE]
    found = {entry.code: (entry.system, entry.display, entry.kind) for entry in catalogue().by_id.values()}
    assert found == {code: (system, display, kind) for system, code, display, kind, _ in expected}
    assert {entry.code for entry in catalogue().by_id.values() if entry.is_computed} == {
        code for _, code, *_ in COMPUTED
    }


@pytest.mark.parametrize(
    ("code", "units"), [(code, units) for _, code, _, _, units in [*MEASURED, *COMPUTED]]
)
def test_a_code_has_its_units_with_their_conversions(code: str, units: list[str]) -> None:
    further = [preload.FURTHER_UNITS[code]] if code in preload.FURTHER_UNITS else []
    found = catalogue().by_code[code].units
    assert list(found) == [*units, *further]
    for unit, conversion in found.items():
        if unit == units[0]:
            assert conversion is None
        else:
            assert conversion == Conversion(*map(Decimal, CONVERSIONS[units[0], unit]))


def test_the_plausible_ranges_and_molar_masses_are_those_preloaded() -> None:
    ranges = {
        entry.code: (str(entry.plausible_low), str(entry.plausible_high))
        for entry in catalogue().by_id.values()
        if entry.plausible_low is not None
    }
    assert ranges == preload.PLAUSIBLE | preload_scores.PLAUSIBLE
    masses = dict(Code.objects.exclude(molar_mass=None).values_list("code", "molar_mass"))
    glucose = dict.fromkeys(preload.FURTHER_UNITS, Decimal(preload.GLUCOSE_MOLAR_MASS))
    assert masses == glucose | {"2160-0": Decimal(preload_scores.CREATININE_MOLAR_MASS)}


def test_panels_have_their_parts_and_items_their_answers() -> None:
    codes = catalogue().by_code
    for _, panel, _, _, parts in PANELS:
        assert list(codes[panel].parts) == parts
        assert all(part.is_required for part in codes[panel].parts.values())
    for _, item, *_ in ITEMS:
        assert codes[item].answers == {answer: name for answer, name, _ in preload.PHQ_9_ANSWERS}
    for code, answers in preload_scores.ANSWERS.items():
        assert codes[code].answers == {answer: name for answer, name, _ in answers}
        assert codes[code].scores == {
            answer: float(score) for answer, _, score in answers if score is not None
        }


def test_an_item_of_cat_counts_what_is_ticked() -> None:
    assert catalogue().by_code["cat-8"].scores == {str(points): float(points) for points in range(6)}


def test_every_code_of_the_catalogue_is_as_an_edited_one_must_be() -> None:
    codes = {code.code: code for code in Code.objects.all()}
    for code in codes.values():
        if not code.is_computed:
            assert not list(refusals_of(content_of(code), codes)), code.code


@pytest.mark.parametrize(
    "code",
    ["8867-5", "8876-4", "8867", "-4", "8867-44", "12345678-1", "A867-4", "\uff18\uff18\uff16\uff17-4"],
)
def test_a_mistyped_code_of_loinc_is_noticed(code: str) -> None:
    assert not is_loinc(code)
