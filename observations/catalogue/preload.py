"""The codes that every installation starts with: (system, code, display, value kind, UCUM units), the canonical unit first.

Vital signs: HL7 FHIR R4 vital signs profile and US Core (LOINC, UCUM). Codes of our own stand where LOINC has none that means
exactly this: doses and events of a diabetes diary (AIM '94 data), and what our scripts compute.
"""

LOINC = "http://loinc.org"
OWN = "urn:clinical-engine:codes"

VITAL_SIGNS = [
    (LOINC, "8867-4", "Heart rate", "quantity", ["/min"]),
    (LOINC, "9279-1", "Respiratory rate", "quantity", ["/min"]),
    (LOINC, "59408-5", "Oxygen saturation by pulse oximetry", "quantity", ["%"]),
    (LOINC, "2708-6", "Oxygen saturation in arterial blood", "quantity", ["%"]),
    (LOINC, "8310-5", "Body temperature", "quantity", ["Cel", "[degF]"]),
    (LOINC, "29463-7", "Body weight", "quantity", ["kg", "g", "[lb_av]"]),
    (LOINC, "8302-2", "Body height", "quantity", ["cm", "[in_i]"]),
    (LOINC, "8480-6", "Systolic blood pressure", "quantity", ["mm[Hg]"]),
    (LOINC, "8462-4", "Diastolic blood pressure", "quantity", ["mm[Hg]"]),
    (LOINC, "39156-5", "Body mass index", "quantity", ["kg/m2"]),
    (LOINC, "2339-0", "Glucose in blood", "quantity", ["mg/dL"]),
    (LOINC, "15074-8", "Glucose in blood (substance)", "quantity", ["mmol/L"]),
]
DIABETES_DIARY = [
    (OWN, "insulin-regular", "Regular insulin dose", "quantity", ["[iU]"]),
    (OWN, "insulin-nph", "NPH insulin dose", "quantity", ["[iU]"]),
    (OWN, "insulin-ultralente", "UltraLente insulin dose", "quantity", ["[iU]"]),
    (OWN, "hypoglycaemic-symptoms", "Hypoglycaemic symptoms", "boolean", []),
    (OWN, "meal-typical", "Typical meal ingestion", "boolean", []),
    (OWN, "meal-more", "More-than-usual meal ingestion", "boolean", []),
    (OWN, "meal-less", "Less-than-usual meal ingestion", "boolean", []),
    (OWN, "exercise-typical", "Typical exercise activity", "boolean", []),
    (OWN, "exercise-more", "More-than-usual exercise activity", "boolean", []),
    (OWN, "exercise-less", "Less-than-usual exercise activity", "boolean", []),
    (OWN, "special-event", "Unspecified special event", "boolean", []),
]
COMPUTED = [
    (OWN, "glucose-7d", "Glucose over 7 days", "quantity", []),
    (OWN, "glucose-mean-7d", "Glucose, 7-day mean", "quantity", ["mg/dL"]),
    (OWN, "glucose-in-range-7d", "Glucose readings within 70 to 180 mg/dL over 7 days", "quantity", ["%"]),
]

GLUCOSE_MOLAR_MASS = "180.156"
# (canonical, sent): shift, numerator, denominator; what observations.catalogue.units works out from UCUM, as a test holds.
CONVERSIONS = {
    ("Cel", "[degF]"): ("-32", "5", "9"),
    ("kg", "g"): ("0", "1", "1000"),
    ("kg", "[lb_av]"): ("0", "0.45359237", "1"),
    ("cm", "[in_i]"): ("0", "2.54", "1"),
    ("mg/dL", "mmol/L"): ("0", GLUCOSE_MOLAR_MASS, "10"),
    ("mmol/L", "mg/dL"): ("0", "10", GLUCOSE_MOLAR_MASS),
}
FURTHER_UNITS = {"2339-0": "mmol/L", "15074-8": "mg/dL"}
# In the canonical unit. Wide on purpose: beyond them an error of device, unit or typing is likelier than a living patient.
PLAUSIBLE = {
    "8867-4": ("20", "300"),
    "9279-1": ("3", "80"),
    "59408-5": ("50", "100"),
    "2708-6": ("50", "100"),
    "8310-5": ("25", "45"),
    "29463-7": ("0.3", "500"),
    "8302-2": ("20", "272"),
    "8480-6": ("40", "300"),
    "8462-4": ("20", "200"),
    "39156-5": ("5", "150"),
    "2339-0": ("10", "1000"),
    "15074-8": ("0.55", "55.5"),
}
BLOOD_PRESSURE = (LOINC, "85354-9", "Blood pressure", "components", ["8480-6", "8462-4"])
# PHQ-9 and its answers (LOINC panel 44249-1, answer list LL358-3): by Spitzer, Williams, Kroenke; free to use.
PHQ_9_ITEMS = [
    (LOINC, "44250-9", "PHQ-9: little interest or pleasure in doing things"),
    (LOINC, "44255-8", "PHQ-9: feeling down, depressed or hopeless"),
    (LOINC, "44259-0", "PHQ-9: trouble falling or staying asleep, or sleeping too much"),
    (LOINC, "44254-1", "PHQ-9: feeling tired or having little energy"),
    (LOINC, "44251-7", "PHQ-9: poor appetite or overeating"),
    (LOINC, "44258-2", "PHQ-9: feeling bad about yourself"),
    (LOINC, "44252-5", "PHQ-9: trouble concentrating"),
    (LOINC, "44253-3", "PHQ-9: moving or speaking slowly, or being restless"),
    (LOINC, "44260-8", "PHQ-9: thoughts of being better off dead or of hurting yourself"),
]
PHQ_9_ANSWERS = [
    ("LA6568-5", "Not at all", "0"),
    ("LA6569-3", "Several days", "1"),
    ("LA6570-1", "More than half the days", "2"),
    ("LA6571-9", "Nearly every day", "3"),
]
PHQ_9 = (LOINC, "44249-1", "PHQ-9", "questionnaire", [code for _, code, _ in PHQ_9_ITEMS])
NOTE: tuple[str, str, str, str, list[str]] = (OWN, "patient-note", "Note by the patient", "text", [])
