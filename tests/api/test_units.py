"""Units over the API: kept as sent, read in the catalogue's unit, flagged where implausible, never guessed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from observations.models import Code, CodeUnit, Measurement
from tests.api.bodies import at, errors, outcomes, post, reading, readings, statement
from tests.api.contract import DescribedClient
from tests.api.stored import publish_mean_of, results, shown
from tests.factories import NOON, Caller, days

MOLAR_MASS = Decimal("180.156")


def body(caller: Caller, *sent: tuple[str, str, str], **fields: Any) -> str:
    """Readings of (code, number as it is written, unit), the numbers with just these digits."""
    items = [
        reading(f"m-{n}", code=code, value=f"NUMBER{n};", unit=unit, **fields)
        for n, (code, _, unit) in enumerate(sent)
    ]
    text = str(readings(caller, *items)).replace("'", '"')
    for n, (_, number, _) in enumerate(sent):
        text = text.replace(f'"NUMBER{n};"', number)
    return text


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        (("8310-5", "98.6", "[degF]"), "37"),
        (("8310-5", "32", "[degF]"), "0"),
        (("8310-5", "100.4", "[degF]"), "38"),
        (("8310-5", "-40", "[degF]"), "-40"),
        (("8310-5", "101", "[degF]"), "38.3333333333333"),
        (("8310-5", "37.20", "Cel"), "37.20"),
        (("29463-7", "150", "[lb_av]"), "68.0388555"),
        (("29463-7", "1", "[lb_av]"), "0.45359237"),
        (("29463-7", "3450", "g"), "3.45"),
        (("8302-2", "70", "[in_i]"), "177.8"),
        (("8302-2", "0.1", "[in_i]"), "0.254"),
        (("2339-0", "5.5", "mmol/L"), "99.0858"),
        (("15074-8", "180.156", "mg/dL"), "10"),
        (("15074-8", "100", "mg/dL"), "5.55074490996692"),
    ],
)
def test_a_number_is_kept_as_sent_and_shown_in_the_canonical_unit_too(
    api: DescribedClient, caller: Caller, sent: tuple[str, str, str], canonical: str
) -> None:
    code, number, unit = sent
    post(api, "measurements", body(caller, sent))
    stored = Measurement.objects.get()
    assert (str(stored.value_quantity), stored.unit) == (number, unit)
    assert stored.canonical_quantity == Decimal(canonical)
    row = shown(api)["m-0"]
    assert (row["value"], row["unit"]) == (float(number), unit)
    assert row["canonical_value"] == float(canonical)
    assert row["canonical_unit"] == Code.objects.get(code=code).units.get(position=0).unit


def test_the_two_units_of_glucose_lead_into_each_other_by_the_molar_mass(
    api: DescribedClient, caller: Caller
) -> None:
    post(api, "measurements", body(caller, ("2339-0", "7.8", "mmol/L"), ("15074-8", "140.52168", "mg/dL")))
    of_mass, of_substance = (
        Measurement.objects.get(client_id=name).canonical_quantity for name in ("m-0", "m-1")
    )
    assert of_mass == Decimal("7.8") * MOLAR_MASS / 10
    assert of_substance == Decimal("7.8")


@pytest.mark.parametrize(
    ("code", "unit", "expected"),
    [
        (
            "29463-7",
            "[stone_av]",
            ("wrong_unit", "[stone_av] is not taken for this code, only kg or g or [lb_av] (UCUM)."),
        ),
        ("29463-7", "KG", ("unknown_unit", "Is no unit of UCUM; must be kg or g or [lb_av].")),
        ("29463-7", "cm", ("wrong_dimension", "cm cannot be converted to kg or g or [lb_av] (UCUM).")),
        ("8867-4", "mmol/L", ("wrong_dimension", "mmol/L cannot be converted to /min (UCUM).")),
        ("8867-4", "Hz", ("wrong_unit", "Hz is not taken for this code, only /min (UCUM).")),
        ("insulin-nph", "mg", ("wrong_dimension", "mg cannot be converted to [iU] (UCUM).")),
        ("insulin-nph", "U", ("wrong_dimension", "U cannot be converted to [iU] (UCUM).")),
        ("8310-5", None, ("unit_missing", "Must be Cel or [degF] (UCUM).")),
        *(
            (
                "2339-0",
                unit,
                ("wrong_unit", f"{unit} is not taken for this code, only mg/dL or mmol/L (UCUM)."),
            )
            for unit in ("mg/dl", "g/L", "mmol/l", "umol/L", "mol/L")
        ),
        *(
            (
                "15074-8",
                unit,
                ("wrong_unit", f"{unit} is not taken for this code, only mmol/L or mg/dL (UCUM)."),
            )
            for unit in ("mmol/l", "mg/dl", "g/L")
        ),
        (
            "2160-0",
            "umol/l",
            ("wrong_unit", "umol/l is not taken for this code, only mg/dL or umol/L (UCUM)."),
        ),
        ("2339-0", "mmol", ("wrong_dimension", "mmol cannot be converted to mg/dL or mmol/L (UCUM).")),
        ("2339-0", "meq/L", ("wrong_dimension", "meq/L cannot be converted to mg/dL or mmol/L (UCUM).")),
    ],
)
def test_a_unit_that_is_not_taken_is_refused_with_both_units_named(
    api: DescribedClient, caller: Caller, code: str, unit: str | None, expected: tuple[str, str]
) -> None:
    answer = post(api, "measurements", readings(caller, reading("m-1", code=code, unit=unit)))
    [error] = answer.json()["errors"]
    assert error["field"] == "unit"
    assert (error["code"], error["message"]) == expected


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        (("2339-0", "56000000000000", "mmol/L"), "mg/dL"),
        (("2339-0", "-56000000000000", "mmol/L"), "mg/dL"),
        (("8302-2", "393700787401575", "[in_i]"), "cm"),
    ],
)
def test_a_number_that_conversion_takes_beyond_the_limit_of_scripts_is_refused_with_what_it_becomes(
    api: DescribedClient, caller: Caller, sent: tuple[str, str, str], canonical: str
) -> None:
    [error] = post(api, "measurements", body(caller, sent)).json()["errors"]
    assert (error["field"], error["code"]) == ("value", "too_large")
    expected = f"Becomes 10^15 {canonical} or more in size; must be smaller than that in {canonical}, too."
    assert error["message"] == expected
    assert not Measurement.objects.exists()


@pytest.mark.parametrize(
    ("sent", "computed"),
    [
        (("2339-0", "999999999999999.93", "mg/dL"), 999999999999999.875),
        (("2339-0", "-999999999999999.93", "mg/dL"), -999999999999999.875),
        (("2339-0", "55507449099669.1", "mmol/L"), 999999999999999),
    ],
)
def test_the_largest_number_that_is_taken_is_one_that_scripts_compute_with(
    api: DescribedClient,
    caller: Caller,
    work: Callable[[], int],
    sent: tuple[str, str, str],
    computed: float,
) -> None:
    publish_mean_of("2339-0")
    post(api, "activations", statement(caller))
    assert outcomes(post(api, "measurements", body(caller, sent))) == ["held"]
    work()
    assert results() == [{"a": computed}]


@pytest.mark.usefixtures("any_unit")
def test_no_unit_however_odd_ends_in_anything_but_an_answer(api: DescribedClient, caller: Caller) -> None:
    odd = [
        "",
        " ",
        "kg ",
        "%",
        "1",
        "{score}",
        "10*3/uL",
        "kg^2",
        "((((",
        "kg" * 400,
        "\N{MICRO SIGN}g",
        "B[SPL]",
        "[pH]",
    ]
    items = [reading(f"m-{n}", code="29463-7", value=70, unit=unit) for n, unit in enumerate([*odd, "kg"])]
    answer = post(api, "measurements", readings(caller, *items))
    assert outcomes(answer) == [*["refused"] * len(odd), "held"]
    assert {code for _, _, code in errors(answer)} <= {
        "unit_missing",
        "unknown_unit",
        "wrong_dimension",
        "wrong_unit",
    }


def test_an_implausible_number_is_stored_flagged_and_counted_all_the_same(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("8310-5")
    post(api, "activations", statement(caller))
    sent = body(caller, ("8310-5", "98.6", "Cel"), ("8310-5", "98.6", "[degF]"), ("8310-5", "45", "Cel"))
    answer = post(api, "measurements", sent)
    assert [result.get("flags", []) for result in answer.json()["results"]] == [["implausible"], [], []]
    work()
    assert {name: row["implausible"] for name, row in shown(api).items()} == {
        "m-0": True,
        "m-1": False,
        "m-2": False,
    }
    assert {row["status"] for row in shown(api).values()} == {"counted"}
    [result] = results()
    assert result == {"a": pytest.approx((98.6 + 37 + 45) / 3)}


def test_the_flag_is_that_of_the_canonical_number_and_of_any_component(
    api: DescribedClient, caller: Caller
) -> None:
    def pressure(name: str, systolic: int, diastolic: int) -> dict[str, Any]:
        parts = (("8480-6", systolic), ("8462-4", diastolic))
        components = [{"code": code, "value": value, "unit": "mm[Hg]"} for code, value in parts]
        plain = reading(name, code="85354-9", components=components)
        return {field: plain[field] for field in plain if field not in {"value", "unit"}}

    items = [
        reading("ten stone in pounds", code="29463-7", value=140, unit="[lb_av]"),
        reading("a letter in grams", code="29463-7", value=140, unit="g"),
        pressure("usual", 120, 80),
        pressure("reversed", 80, 320),
    ]
    results_ = post(api, "measurements", readings(caller, *items)).json()["results"]
    assert [result.get("flags") for result in results_] == [None, ["implausible"], None, ["implausible"]]


def test_scripts_read_every_unit_in_the_canonical_one(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    publish_mean_of("29463-7")
    post(api, "activations", statement(caller))
    pounds = body(caller, ("29463-7", "150", "[lb_av]"))
    post(api, "measurements", pounds)
    later = reading("m-1", code="29463-7", value=72, unit="kg", measured_at=at(NOON + days(0.5)))
    post(api, "measurements", readings(caller, later))
    work()
    assert results() == [{"a": 68.0388555}, {"a": pytest.approx((68.0388555 + 72) / 2)}]


def test_a_part_of_a_panel_is_read_in_the_canonical_unit_too(
    api: DescribedClient, caller: Caller, work: Callable[[], int]
) -> None:
    systolic = Code.objects.get(code="8480-6")
    CodeUnit.objects.create(
        code=systolic, position=1, unit="kPa", numerator=Decimal("7.5006168"), denominator=1
    )
    publish_mean_of("8480-6")
    post(api, "activations", statement(caller))
    components = [
        {"code": "8480-6", "value": 16, "unit": "kPa"},
        {"code": "8462-4", "value": 80, "unit": "mm[Hg]"},
    ]
    sent = reading("m-1", code="85354-9", components=components)
    post(api, "measurements", readings(caller, {f: sent[f] for f in sent if f not in {"value", "unit"}}))
    work()
    assert results() == [{"a": pytest.approx(120.0098688)}]
    shown_parts = {part["code"]: part for part in shown(api)["m-1"]["components"]}
    assert (shown_parts["8480-6"]["value"], shown_parts["8480-6"]["unit"]) == (16, "kPa")
    assert shown_parts["8480-6"]["canonical_value"] == pytest.approx(120.0098688)


def test_a_component_that_conversion_takes_beyond_the_limit_of_scripts_is_refused(
    api: DescribedClient, caller: Caller
) -> None:
    systolic = Code.objects.get(code="8480-6")
    CodeUnit.objects.create(code=systolic, position=1, unit="kPa", numerator=Decimal("7.5006168"))
    components = [
        {"code": "8462-4", "value": 80, "unit": "mm[Hg]"},
        {"code": "8480-6", "value": 140_000_000_000_000, "unit": "kPa"},
    ]
    sent = reading("m-1", code="85354-9", components=components)
    answer = post(
        api, "measurements", readings(caller, {f: sent[f] for f in sent if f not in {"value", "unit"}})
    )
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("components[1].value", "too_large")
    assert "10^15 mm[Hg]" in error["message"]


def test_a_unit_that_the_catalogue_gets_is_taken_from_then_on(api: DescribedClient, caller: Caller) -> None:
    stone = reading("m-1", code="29463-7", value=11, unit="[stone_av]")
    assert outcomes(post(api, "measurements", readings(caller, stone))) == ["refused"]
    weight = Code.objects.get(code="29463-7")
    CodeUnit.objects.create(code=weight, position=3, unit="[stone_av]", numerator=Decimal("6.35029318"))
    assert outcomes(post(api, "measurements", readings(caller, stone))) == ["held"]
    assert shown(api)["m-1"]["canonical_value"] == pytest.approx(69.85322498)
