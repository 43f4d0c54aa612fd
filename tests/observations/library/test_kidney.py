"""eGFR against the published equation, in decimal arithmetic."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.library.running import agree, result

CATEGORIES = [("G1", 90), ("G2", 60), ("G3a", 45), ("G3b", 30), ("G4", 15), ("G5", 0)]


def ckd_epi(creatinine: Decimal, sex: str, age: int) -> Decimal:
    """142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age x 1.012 [if female]."""
    kappa, alpha, factor = (
        (Decimal("0.7"), Decimal("-0.241"), Decimal("1.012"))
        if sex == "female"
        else (Decimal("0.9"), Decimal("-0.302"), Decimal(1))
    )
    ratio = creatinine / kappa
    power = ratio**alpha if ratio < 1 else ratio ** Decimal("-1.200")
    return 142 * power * Decimal("0.9938") ** age * factor


def expected(hundredths: int, sex: str, age: int) -> dict[str, Any] | None:
    if age < 18 or sex == "other":
        return None
    egfr = ckd_epi(Decimal(hundredths) / 100, sex, age)
    whole = round(egfr)
    category = next(name for name, lowest in CATEGORIES if whole >= lowest)
    urgency = "critical" if whole < 15 else "abnormal" if whole < 60 else "normal"
    return {"egfr": float(egfr), "category": category, "interpretation": urgency}


@given(st.integers(10, 2000), st.sampled_from(["female", "male", "other"]), st.integers(0, 110))
@settings(max_examples=800, deadline=None)
def test_the_rate_is_that_of_the_equation(hundredths: int, sex: str, age: int) -> None:
    inputs = {"creatinine": hundredths / 100, "sex": sex, "age": age}
    assert agree(result("egfr-ckd-epi-2021", inputs), expected(hundredths, sex, age))


@pytest.mark.parametrize("sex", ["female", "male"])
def test_a_creatinine_at_the_bend_gives_the_constant_of_the_equation(sex: str) -> None:
    kappa, constant = (0.7, 142 * 1.012) if sex == "female" else (0.9, 142)
    found = result("egfr-ckd-epi-2021", {"creatinine": kappa, "sex": sex, "age": 50})
    assert found is not None
    assert found["egfr"] == pytest.approx(constant * 0.9938**50)
