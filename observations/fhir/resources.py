"""Measurements and observations as FHIR's Observations."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any

from observations.catalogue import Catalogue, Entry
from observations.fhir import terms
from observations.fhir.outcomes import Json
from observations.fhir.rows import Computed, StoredValue, components_of, value_of
from observations.models import Measurement, MeasurementStatus, Observation, ValueKind
from observations.scripts.declarations import OutputKind

_SUPERSEDED = "superseded"


def resource_of(row: Measurement | Observation, codes: Catalogue) -> Json:
    """The Observation of a row of `observations.fhir.rows`."""
    entry = codes.by_id[row.code_id]
    own = _of_measurement(row, entry, codes) if isinstance(row, Measurement) else _of_computed(row, codes)
    return {
        "resourceType": "Observation",
        "id": str(row.pk),
        **_profile(entry),
        **_category(entry),
        "code": _concept(entry),
        "subject": {"reference": f"Patient/{row.patient_id}"},
        **own,
    }


def _of_measurement(row: Measurement, entry: Entry, codes: Catalogue) -> Json:
    found: Json = {
        "extension": [*_extensions(row)],
        "identifier": [terms.identifier_of(row.client_id)],
        "status": _status(row),
        "effectiveDateTime": row.local_measured_at.isoformat(),
        "issued": row.received_at.isoformat(),
    }
    if components := components_of(row):
        return found | {"component": [*_parts(components, entry, codes)]}
    value = StoredValue(row.value_quantity, row.unit, row.value_boolean, row.value_answer, row.value_text)
    return found | _stored(value, entry)


def _parts(components: Mapping[str, StoredValue], entry: Entry, codes: Catalogue) -> Iterable[Json]:
    # Systolic before diastolic, as the catalogue has them: the database keeps an order of its own.
    order = {code: position for position, code in enumerate(entry.parts)}
    for code in sorted(components, key=lambda code: order.get(code, len(order))):
        part = codes.by_code.get(code)
        # Nothing but the components themselves keeps a code in the catalogue that is no part any more.
        concept = _concept(part) if part else {"coding": [{"code": code}]}
        yield {"code": concept, **_stored(components[code], part)}


def _extensions(row: Measurement) -> Iterable[Json]:
    standing = row.status
    if standing == MeasurementStatus.FINAL:
        standing = "held" if row.association_id is None else "counted"
    yield _standing(standing)
    if row.replaces:
        yield {"url": terms.REPLACES, "valueIdentifier": terms.identifier_of(row.replaces)}
    if row.is_implausible:
        yield {"url": terms.IMPLAUSIBLE, "valueBoolean": True}


def _standing(code: str) -> Json:
    return {"url": terms.STANDING, "valueCode": code}


def _status(row: Measurement) -> str:
    # 'amended' would be read as the value that holds now, and one that was replaced holds no longer.
    if row.status != MeasurementStatus.FINAL:
        return "entered-in-error"
    return "corrected" if row.replaces else "final"


def _stored(value: StoredValue, entry: Entry | None) -> Json:
    if value.quantity is not None:
        return _quantity(value.quantity, value.unit or "")
    if value.boolean is not None:
        return {"valueBoolean": value.boolean}
    if value.answer is not None:
        coding = {"system": entry.system, "display": entry.answers.get(value.answer)} if entry else {}
        known = {name: text for name, text in coding.items() if text}
        return {"valueCodeableConcept": {"coding": [{**known, "code": value.answer}]}}
    return {"valueString": value.text}


def _quantity(value: Decimal, unit: str) -> Json:
    units = {"unit": unit, "system": terms.UCUM, "code": unit} if unit else {}
    return {"valueQuantity": {"value": value, **units}}


def _of_computed(row: Observation, codes: Catalogue) -> Json:
    is_superseded = row.superseded_at is not None
    found: Json = {
        "extension": [_standing(_SUPERSEDED if is_superseded else "counted")],
        "status": "entered-in-error" if is_superseded else "final",
        "effectiveDateTime": row.as_of.astimezone(UTC).isoformat(),
        "issued": row.computed_at.isoformat(),
        "device": _device(row),
    }
    # Facts about the patient are no resources of ours.
    if sources := [*row.derived_from, *row.from_observations]:
        found["derivedFrom"] = [{"reference": f"Observation/{each}"} for each in sources]
    if row.interpretation:
        found["interpretation"] = [_interpretation(row.interpretation)]
    if is_superseded:
        found["note"] = [{"text": row.superseded_because}]
    value = value_of(row)
    return found | (_absent(row.not_computable) if value is None else _outputs(row, value, codes))


def _device(row: Observation) -> Json:
    identifier = {"system": terms.SCRIPT_VERSIONS, "value": str(row.script_version_id)}
    return {"identifier": identifier, "display": f"{row.script.name}, version {row.script_version.number}"}


def _interpretation(meaning: str) -> Json:
    code, display = terms.INTERPRETATION_CODES[meaning]
    return {"coding": [{"system": terms.INTERPRETATIONS, "code": code, "display": display}]}


def _absent(why: str) -> Json:
    coding = {"system": terms.ABSENT_REASONS, "code": "unknown"}
    return {"dataAbsentReason": {"coding": [coding], "text": why}}


def _outputs(row: Observation, value: Mapping[str, Computed], codes: Catalogue) -> Json:
    parts = []
    for name, each in value.items():
        output = row.script_version.outputs.get(name, {})
        entry = codes.by_code.get(output.get("code", ""))
        concept = _concept(entry) if entry else {"text": name}
        parts.append({"code": concept, **_computed(each, output, entry)})
    own = [part for part in parts if part["code"] == _concept(codes.by_id[row.code_id])]
    if len(parts) == 1 and own:
        return {name: element for name, element in own[0].items() if name != "code"}
    return {"component": parts}


def _computed(value: Computed, output: Mapping[str, Any], entry: Entry | None) -> Json:
    if value is None:
        return _absent("There is no value.")
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, Decimal):
        return _quantity(value, output.get("unit", ""))
    if output.get("kind") == OutputKind.CODED:
        return _stored(StoredValue(answer=value), entry)
    return {"valueString": value}


def _concept(entry: Entry) -> Json:
    coding = [{"system": entry.system, "code": entry.code, "display": entry.display}]
    if entry.code == terms.PULSE_OXIMETRY:
        # US Core has both sent, for those who know only the general one.
        coding.append({"system": terms.LOINC, "code": terms.ARTERIAL_SATURATION})
    return {"coding": coding, "text": entry.display}


def _profile(entry: Entry) -> Json:
    return {"meta": {"profile": [terms.VITAL_SIGNS_PROFILE]}} if entry.code in terms.VITAL_SIGNS else {}


def _category(entry: Entry) -> Json:
    is_survey = entry.kind == ValueKind.QUESTIONNAIRE
    code = "vital-signs" if entry.code in terms.VITAL_SIGNS else "survey" if is_survey else None
    return {"category": [{"coding": [{"system": terms.CATEGORIES, "code": code}]}]} if code else {}
