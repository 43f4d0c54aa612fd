"""The codes that every installation starts with: (system, code, display, value kind, UCUM units).

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
