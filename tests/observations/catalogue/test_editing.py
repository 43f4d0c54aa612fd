"""Codes added to the catalogue and changed: what is checked, written and recorded."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError
from observations.catalogue import Conversion
from observations.catalogue.content import Answered, Contained, Content, content_of
from observations.catalogue.services import change_code
from observations.models import Code, ValueKind
from tests import factories
from tests.observations.catalogue.editing import MOOD, PEAK_FLOW, REASON, ROUND, add, edit, entry, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("content", [PEAK_FLOW, MOOD, ROUND])
def test_a_new_code_says_what_it_was_given(content: Content) -> None:
    code = add(content)
    assert content_of(Code.objects.get(pk=code.pk)) == content


def test_the_conversion_of_a_unit_is_worked_out() -> None:
    add(PEAK_FLOW)
    assert entry("19935-6").units == {
        "L/min": None,
        "mL/s": Conversion(Decimal(0), Decimal(3), Decimal(50)),
    }


def test_the_molar_mass_converts_between_mass_and_substance() -> None:
    add(
        replace(
            PEAK_FLOW,
            code="1975-2",
            display="Bilirubin",
            units=("mg/dL", "umol/L"),
            molar_mass=Decimal("584.66"),
        )
    )
    conversion = entry("1975-2").units["umol/L"]
    assert conversion is not None
    assert conversion(Decimal("17.104")) == Decimal("1.000002464")


def test_each_change_has_its_entry_in_the_trail_and_its_reason() -> None:
    actor = factories.user()
    code = add(PEAK_FLOW, actor)
    assert edit("19935-6", actor, display="Peak expiratory flow", plausible_high=Decimal(900))
    made, changed = AuditEntry.objects.filter(target_type="code", target_id=str(code.pk)).order_by("pk")
    assert (made.action, made.actor, made.reason) == ("code.create", actor, REASON)
    assert (changed.action, changed.actor, changed.reason) == ("code.change", actor, REASON)
    assert changed.details == {
        "code": "19935-6",
        "changed": {"display": ["Peak flow", "Peak expiratory flow"], "plausible_high": [None, "900"]},
    }


def test_a_change_that_changes_nothing_leaves_no_entry() -> None:
    assert not edit("8867-4")
    assert not AuditEntry.objects.exists()


def test_a_change_of_what_somebody_else_changed_meanwhile_is_not_made() -> None:
    code = Code.objects.get(code="8867-4")
    seen = content_of(code)
    edit("8867-4", display="Pulse")
    with pytest.raises(NotAllowedNowError, match="changed meanwhile"):
        change_code(
            actor=None, code_id=code.pk, content=replace(seen, display="Beats"), seen=seen.mark, reason=REASON
        )
    assert entry("8867-4").display == "Pulse"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"code": "19935-7"}, {"code": "not_loinc"}),
        ({"code": ""}, {"code": "empty"}),
        ({"code": "x" * 33}, {"code": "too_long"}),
        ({"system": "urn:clinical-engine:codes", "code": "Peak Flow"}, {"code": "not_a_name"}),
        ({"code": "8867-4"}, {"code": "taken"}),
        ({"display": " Peak flow"}, {"display": "not_printable"}),
        ({"units": ()}, {"units": "missing"}),
        ({"units": ("L/min", "litres")}, {"units": "unknown_unit"}),
        ({"units": ("litres",)}, {"units": "unknown_unit"}),
        ({"units": ("L/min", "x" * 33)}, {"units": "unknown_unit"}),
        ({"units": ("L/min", "kg")}, {"units": "wrong_dimension"}),
        ({"units": ("L/min", "L/min")}, {"units": "twice"}),
        ({"units": ("mg/dL", "mmol/L")}, {"units": "wrong_dimension"}),
        ({"units": ("[iU]", "mg")}, {"units": "wrong_dimension"}),
        ({"units": ("mmol/L", "meq/L")}, {"units": "wrong_dimension"}),
        ({"plausible_low": Decimal(9), "plausible_high": Decimal(8)}, {"plausible_high": "below_low"}),
        ({"plausible_low": Decimal("NaN")}, {"plausible_low": "not_finite"}),
        ({"plausible_high": Decimal("1e400")}, {"plausible_high": "not_finite"}),
        ({"plausible_high": Decimal("999999999999999.99")}, {"plausible_high": "not_finite"}),
        ({"molar_mass": Decimal(0)}, {"molar_mass": "not_positive"}),
        ({"molar_mass": Decimal("Infinity")}, {"molar_mass": "not_finite"}),
        ({"molar_mass": Decimal("1e400")}, {"molar_mass": "not_finite"}),
        ({"answers": (Answered("a", "A"),)}, {"answers": "not_of_this_kind"}),
        ({"parts": (Contained("8867-4"),)}, {"parts": "not_of_this_kind"}),
    ],
)
def test_a_wrong_field_is_named(changed: dict[str, Any], expected: dict[str, str]) -> None:
    assert refused(add, replace(PEAK_FLOW, **changed)) == expected
    assert not Code.objects.filter(display="Peak flow").exists()


@pytest.mark.parametrize(
    ("part", "why"),
    [("19935-6", "unknown_code"), ("glucose-mean-7d", "computed"), ("85354-9", "composed")],
)
def test_a_part_is_there_measured_and_not_composed_itself(part: str, why: str) -> None:
    assert refused(add, replace(ROUND, parts=(Contained(part),))) == {"parts": why}


@pytest.mark.parametrize("parts", [(), (Contained("8867-4"), Contained("8867-4", is_required=False))])
def test_parts_are_some_and_each_once(parts: tuple[Contained, ...]) -> None:
    assert set(refused(add, replace(ROUND, parts=parts))) == {"parts"}


@pytest.mark.parametrize(
    "answers",
    [
        (Answered("", "Nothing"),),
        (Answered("a", ""),),
        (Answered("a", "A"), Answered("a", "B")),
        (Answered("a", "A", Decimal("Infinity")),),
        # As a double, which scripts read, it is 10^15.
        (Answered("a", "A", Decimal("999999999999999.99")),),
    ],
)
def test_answers_have_a_code_of_their_own_and_a_text(answers: tuple[Answered, ...]) -> None:
    assert set(refused(add, replace(MOOD, answers=answers))) == {"answers"}


def test_only_quantities_have_units_and_ranges() -> None:
    wrong = replace(MOOD, units=("kg",), plausible_low=Decimal(1), molar_mass=Decimal(1))
    assert refused(add, wrong) == dict.fromkeys(("units", "plausible_low", "molar_mass"), "not_of_this_kind")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = replace(PEAK_FLOW, display="", units=("litres",), molar_mass=Decimal(-1))
    assert set(refused(add, wrong)) == {"display", "units", "molar_mass"}


def test_a_computed_code_is_not_edited() -> None:
    with pytest.raises(NotAllowedNowError, match="computed by scripts"):
        edit("glucose-mean-7d", display="Mean")


@pytest.mark.parametrize("field", ["code", "system", "kind"])
def test_what_readings_are_taken_by_is_fixed(field: str) -> None:
    other = {"code": "note", "system": "http://loinc.org", "kind": ValueKind.CODED}
    assert refused(edit, "patient-note", **{field: other[field]})[field] in {"fixed", "not_loinc"}


def test_the_canonical_unit_is_fixed() -> None:
    assert refused(edit, "29463-7", units=("g", "kg", "[lb_av]")) == {"units": "fixed"}


def test_a_unit_is_added_and_those_that_were_there_keep_their_conversion() -> None:
    before = dict(entry("29463-7").units)
    edit("29463-7", units=("kg", "g", "[oz_av]", "[lb_av]"))
    now = entry("29463-7").units
    assert list(now) == ["kg", "g", "[oz_av]", "[lb_av]"]
    assert {unit: now[unit] for unit in before} == before
    ounce = now["[oz_av]"]
    assert ounce is not None
    assert ounce(Decimal(16)) == Decimal("0.45359237")


@pytest.mark.parametrize("mass", [None, Decimal("180.2")])
def test_a_molar_mass_by_which_readings_are_converted_is_fixed(mass: Decimal | None) -> None:
    assert refused(edit, "2339-0", molar_mass=mass)["molar_mass"] == "fixed"


def test_a_molar_mass_that_converts_nothing_yet_is_changed() -> None:
    assert edit("8867-4", molar_mass=Decimal(2))
    assert edit("8867-4", molar_mass=None)
