"""Kidney function: the estimated glomerular filtration rate."""

from observations.scripts.library.definition import (
    DAY,
    INTERPRETATION,
    Json,
    LibraryScript,
    case,
    coded,
    fact,
    latest,
    no_result,
    number,
)

_CATEGORIES = ("G1", "G2", "G3a", "G3b", "G4", "G5")


def _expected(egfr: float, category: str) -> Json:
    urgency = {"G1": "normal", "G2": "normal", "G5": "critical"}.get(category, "abnormal")
    return {"egfr": egfr, "category": category, "interpretation": urgency}


# Worked out from the published equation in 50 digits: at its bends, and on both sides of each of KDIGO's limits.
_VALUES = [
    ("female", 18, 0.7, 128.484494516839, "G1"),
    ("female", 40, 0.5, 121.519342171252, "G1"),
    ("female", 40, 0.69, 112.443550416234, "G1"),
    ("female", 40, 0.7, 112.054306798797, "G1"),
    ("female", 40, 0.71, 110.163108703885, "G1"),
    ("male", 18, 1.0, 111.882257070599, "G1"),
    ("male", 40, 0.5, 132.233148073618, "G1"),
    ("male", 40, 0.89, 111.099856145551, "G1"),
    ("male", 40, 0.9, 110.725599603555, "G1"),
    ("male", 40, 0.91, 109.267091056937, "G1"),
    ("female", 50, 0.801, 89.572997138804, "G1"),
    ("female", 50, 0.802, 89.438989421018, "G2"),
    ("female", 50, 1.126, 59.523718857824, "G2"),
    ("female", 50, 1.127, 59.460345190389, "G3a"),
    ("female", 50, 1.434, 44.532506891262, "G3a"),
    ("female", 50, 1.435, 44.495269759830, "G3b"),
    ("female", 50, 2.021, 29.502345803246, "G3b"),
    ("female", 50, 2.022, 29.484837858710, "G4"),
    ("female", 50, 3.652, 14.504381116642, "G4"),
    ("female", 50, 3.653, 14.499616599577, "G5"),
    ("male", 65, 0.944, 89.505035503873, "G1"),
    ("male", 65, 0.945, 89.391390346543, "G2"),
    ("male", 65, 1.326, 59.533529854178, "G2"),
    ("male", 65, 1.327, 59.479698014575, "G3a"),
    ("male", 65, 1.689, 44.530572934809, "G3a"),
    ("male", 65, 1.690, 44.498955464342, "G3b"),
    ("male", 65, 2.380, 29.506759293328, "G3b"),
    ("male", 65, 2.381, 29.491888808710, "G4"),
    ("male", 65, 4.302, 14.501381400557, "G4"),
    ("male", 65, 4.303, 14.497337418858, "G5"),
]
_WOMAN = {"creatinine": 0.8, "sex": "female", "age": 50}

EGFR = LibraryScript(
    name="egfr-ckd-epi-2021",
    title="eGFR by creatinine (CKD-EPI 2021)",
    code="egfr-ckd-epi-2021",
    source="""\
# CKD-EPI 2021, without race (Inker et al., N Engl J Med 2021;385:1737): creatinine in mg/dL, age in years, from 18 on.
sex_female_or_male = None if sex == "other" else sex
age_from_18_on = age if age >= 18 else None
creatinine_from_0_01 = creatinine if creatinine >= 0.01 else None
female = sex_female_or_male == "female"
k = 0.7 if female else 0.9
a = -0.241 if female else -0.302
ratio = creatinine_from_0_01 / k
constant = 142 * 1.012 if female else 142
egfr = constant * min(ratio, 1) ** a * max(ratio, 1) ** -1.2 * 0.9938 ** age_from_18_on
# KDIGO has it reported as a whole number, and the categories go by that.
reported = round(egfr)
category = band(reported, [14, 29, 44, 59, 89], ["G5", "G4", "G3b", "G3a", "G2", "G1"])
urgency = "critical" if reported < 15 else "abnormal" if reported < 60 else "normal"
result = {"egfr": egfr, "category": category, "interpretation": urgency}
""",
    inputs={
        "creatinine": latest("2160-0", DAY),
        "sex": fact("sex"),
        "age": fact("age"),
    },
    outputs={
        "egfr": number("98979-8", "mL/min/{1.73_m2}"),
        "category": coded("egfr-category", *_CATEGORIES),
        "interpretation": INTERPRETATION,
    },
    test_cases=[
        *(
            case(
                f"Inker 2021, KDIGO 2024: {sex}, {age} years, creatinine {creatinine} mg/dL",
                {"creatinine": creatinine, "sex": sex, "age": age},
                _expected(egfr, category),
            )
            for sex, age, creatinine, egfr, category in _VALUES
        ),
        no_result("Inker 2021: adults only", _WOMAN | {"age": 17}),
        no_result("Inker 2021: there are values for women and for men only", _WOMAN | {"sex": "other"}),
        no_result("a sex that is not known", _WOMAN | {"sex": None}, "no value for sex"),
        no_result("an age that is not known", _WOMAN | {"age": None}, "no value for age"),
        no_result("a creatinine of 0 is a mistake", _WOMAN | {"creatinine": 0}),
    ],
    summary=(
        "The estimated glomerular filtration rate of adults in mL/min/1.73 m2, and KDIGO's category, which "
        "goes by the rate rounded to a whole number, as KDIGO has it reported. The creatinine may be sent in "
        "mg/dL or umol/L. Each creatinine has its own result, with the age in whole years as of then. Not "
        "computable below 18 years, nor where the sex is unknown or neither female nor male: the equation has "
        "no values for it."
    ),
    interpretation=(
        "Abnormal below 60 (categories G3a to G4, decreased); critical below 15 (G5, kidney failure): KDIGO "
        "2024. A single value is no diagnosis: KDIGO asks for three months."
    ),
    source_reference=(
        "Inker LA, Eneanya ND, Coresh J, et al. New creatinine- and cystatin C-based equations to estimate "
        "GFR without race. N Engl J Med 2021;385:1737-1749. doi:10.1056/NEJMoa2102953. KDIGO 2024 clinical "
        "practice guideline for the evaluation and management of chronic kidney disease. Kidney Int "
        "2024;105(4S):S117-S314."
    ),
    licence=(
        "A published equation, recommended for general use by the National Kidney Foundation and the American "
        "Society of Nephrology; no licence is known to be needed."
    ),
)
