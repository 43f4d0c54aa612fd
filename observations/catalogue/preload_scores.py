"""The codes that the library's scores need, as every installation has them: what they read, and what they give.

LOINC where it has a code that means exactly this; otherwise our own. Entries are as in `preload`.
"""

from typing import TypeAlias

from observations.catalogue.preload import LOINC, OWN

_Entry: TypeAlias = tuple[str, str, str, str, list[str]]

MEASURED: list[_Entry] = [
    (LOINC, "80288-4", "Level of consciousness (ACVPU)", "coded", []),
    (OWN, "supplemental-oxygen", "Breathes supplemental oxygen", "boolean", []),
    (LOINC, "2160-0", "Creatinine in serum or plasma", "quantity", ["mg/dL", "umol/L"]),
]
# The COPD Assessment Test is under copyright: its items have numbers here, and none of its wording.
CAT_ITEMS: list[_Entry] = [
    (OWN, f"cat-{item}", f"COPD Assessment Test: item {item}", "coded", []) for item in range(1, 9)
]
CAT = (OWN, "cat", "COPD Assessment Test (CAT)", "questionnaire", [code for _, code, *_ in CAT_ITEMS])

# Without a unit: a result of several fields, each of which has a code of its own.
COMPUTED: list[_Entry] = [
    (OWN, "news2", "NEWS2", "quantity", []),
    (OWN, "news2-score", "NEWS2: score", "quantity", ["{score}"]),
    (OWN, "news2-risk", "NEWS2: clinical risk", "coded", []),
    (OWN, "mews", "MEWS", "quantity", []),
    (OWN, "mews-score", "MEWS: score", "quantity", ["{score}"]),
    (OWN, "bmi", "Body mass index, computed", "quantity", []),
    (OWN, "bmi-class", "Body mass index: WHO class", "coded", []),
    (OWN, "weight-gain-3d", "Weight gain over 3 days", "quantity", ["kg"]),
    (LOINC, "8478-0", "Mean blood pressure", "quantity", ["mm[Hg]"]),
    (LOINC, "96607-7", "Average blood pressure", "quantity", []),
    (LOINC, "96608-5", "Average systolic blood pressure", "quantity", ["mm[Hg]"]),
    (LOINC, "96609-3", "Average diastolic blood pressure", "quantity", ["mm[Hg]"]),
    (OWN, "blood-pressure-readings-7d", "Blood pressure, readings averaged over 7 days", "quantity", ["1"]),
    (OWN, "egfr-ckd-epi-2021", "eGFR with its category (CKD-EPI 2021)", "quantity", []),
    (
        LOINC,
        "98979-8",
        "Glomerular filtration rate, estimated by creatinine (CKD-EPI 2021)",
        "quantity",
        ["mL/min/{1.73_m2}"],
    ),
    (OWN, "egfr-category", "eGFR: KDIGO category", "coded", []),
    (OWN, "phq-9-result", "PHQ-9: result", "quantity", []),
    (LOINC, "44261-6", "PHQ-9: score", "quantity", ["{score}"]),
    (OWN, "phq-9-severity", "PHQ-9: severity", "coded", []),
    (OWN, "phq-9-self-harm", "PHQ-9: thoughts of death or self-harm", "boolean", []),
    (OWN, "cat-result", "COPD Assessment Test: result", "quantity", []),
    (OWN, "cat-score", "COPD Assessment Test: score", "quantity", ["{score}"]),
    (OWN, "cat-impact", "COPD Assessment Test: impact", "coded", []),
    (OWN, "glucose-14d", "Glucose over 14 days", "quantity", []),
    (OWN, "glucose-mean-14d", "Glucose, 14-day mean", "quantity", ["mg/dL"]),
    (OWN, "glucose-cv-14d", "Glucose, 14-day coefficient of variation", "quantity", ["%"]),
    (OWN, "glucose-management-indicator-14d", "Glucose management indicator over 14 days", "quantity", ["%"]),
    (OWN, "glucose-below-54-14d", "Glucose readings below 54 mg/dL over 14 days", "quantity", ["%"]),
    (OWN, "glucose-below-70-14d", "Glucose readings below 70 mg/dL over 14 days", "quantity", ["%"]),
    (OWN, "glucose-in-range-14d", "Glucose readings within 70 to 180 mg/dL over 14 days", "quantity", ["%"]),
    (OWN, "glucose-above-180-14d", "Glucose readings above 180 mg/dL over 14 days", "quantity", ["%"]),
    (OWN, "glucose-above-250-14d", "Glucose readings above 250 mg/dL over 14 days", "quantity", ["%"]),
    (OWN, "glucose-readings-14d", "Glucose, readings within 14 days", "quantity", ["1"]),
    (OWN, "pulse-trend-24h", "Heart rate, trend over 24 hours", "quantity", ["/min/h"]),
]

# Code: (answer, display, what it counts in a score).
_CAT_ANSWERS = [(str(points), f"{points} of 5", str(points)) for points in range(6)]
ANSWERS: dict[str, list[tuple[str, str, str | None]]] = {
    # LOINC's answers for AVPU (67775-7), and its 'confused' for the C.
    "80288-4": [
        ("LA9340-6", "Alert", None),
        ("LA6560-2", "New confusion", None),
        ("LA17108-4", "Responds to voice", None),
        ("LA17107-6", "Responds to pain", None),
        ("LA9343-0", "Unresponsive", None),
    ],
    **{code: [*_CAT_ANSWERS] for _, code, *_ in CAT_ITEMS},
    "news2-risk": [
        ("low", "Low", None),
        ("low-medium", "Low to medium: 3 in a single parameter", None),
        ("medium", "Medium", None),
        ("high", "High", None),
    ],
    "bmi-class": [
        ("underweight", "Underweight", None),
        ("normal", "Normal weight", None),
        ("pre-obese", "Pre-obese", None),
        ("obese-1", "Obese, class I", None),
        ("obese-2", "Obese, class II", None),
        ("obese-3", "Obese, class III", None),
    ],
    "egfr-category": [
        ("G1", "G1: normal or high", None),
        ("G2", "G2: mildly decreased", None),
        ("G3a", "G3a: mildly to moderately decreased", None),
        ("G3b", "G3b: moderately to severely decreased", None),
        ("G4", "G4: severely decreased", None),
        ("G5", "G5: kidney failure", None),
    ],
    "phq-9-severity": [
        ("minimal", "Minimal", None),
        ("mild", "Mild", None),
        ("moderate", "Moderate", None),
        ("moderately-severe", "Moderately severe", None),
        ("severe", "Severe", None),
    ],
    "cat-impact": [
        ("low", "Low", None),
        ("medium", "Medium", None),
        ("high", "High", None),
        ("very-high", "Very high", None),
    ],
}
PLAUSIBLE = {"2160-0": ("0.1", "40")}
CREATININE_MOLAR_MASS = "113.12"
MOLAR_MASSES = {"2160-0": CREATININE_MOLAR_MASS}
CONVERSIONS = {("mg/dL", "umol/L"): ("0", CREATININE_MOLAR_MASS, "10000")}
