"""What the database itself refuses about measurements and observations, asked as the app's role with plain SQL."""

import pytest

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.common.identifiers import new_id
from observations.models import Code, Measurement, Observation, ScriptVersion
from observations.scripts.library import GLUCOSE_7D
from patients.models import Patient
from submitters.models import Organisation
from tests import factories
from tests.factories import NOON
from tests.observations.scripts.writing import draft_of
from tests.patients.test_integrity import assert_refused

MEASURE = """
    INSERT INTO observations_measurement (id, organisation_id, patient_id, code_id, client_id, value_quantity, value_boolean,
                                          unit, measured_at, utc_offset_minutes, source, due_at)
    VALUES (%(id)s, %(organisation)s, %(patient)s, %(code)s, %(client_id)s, %(quantity)s, %(boolean)s,
            '', now(), 0, %(source)s, now())
"""
OBSERVE = """
    INSERT INTO observations_observation (id, organisation_id, patient_id, script_id, script_version_id, code_id, as_of, value,
                                          not_computable, derived_from, superseded_at)
    VALUES (%(id)s, %(organisation)s, %(patient)s, %(script)s, %(version)s, %(code)s, %(as_of)s, %(value)s,
            %(not_computable)s, '{}', %(superseded_at)s)
"""


@pytest.fixture
def patient(db: None) -> Patient:
    return factories.patient(factories.organisation())


@pytest.fixture
def stranger(db: None) -> Patient:
    return factories.patient(factories.organisation())


def measurement_of(patient: Patient, /, **fields: object) -> dict[str, object]:
    return {
        "id": new_id(),
        "organisation": patient.organisation_id,
        "patient": patient.id,
        "code": Code.objects.get(code="2339-0").pk,
        "client_id": "m-1",
        "quantity": 7,
        "boolean": None,
        "source": "api",
        **fields,
    }


def observation_of(patient: Patient, /, **fields: object) -> dict[str, object]:
    version = ScriptVersion.objects.get()
    return {
        "id": new_id(),
        "organisation": patient.organisation_id,
        "patient": patient.id,
        "script": version.script_id,
        "version": version.id,
        "code": version.code_id,
        "as_of": NOON,
        "value": "{}",
        "not_computable": "",
        "superseded_at": None,
        **fields,
    }


def test_a_measurement_has_exactly_one_value(patient: Patient) -> None:
    assert_refused("measurement_has_one_value", MEASURE, measurement_of(patient, boolean=True))
    assert_refused("measurement_has_one_value", MEASURE, measurement_of(patient, quantity=None))
    execute(MEASURE, measurement_of(patient, quantity=None, boolean=False))


def test_a_client_id_is_used_once_in_an_organisation(patient: Patient, stranger: Patient) -> None:
    execute(MEASURE, measurement_of(patient))
    assert_refused("measurement_client_id_once", MEASURE, measurement_of(patient))
    execute(MEASURE, measurement_of(stranger))


def test_a_source_is_a_known_one(patient: Patient) -> None:
    assert_refused("measurement_source_known", MEASURE, measurement_of(patient, source="rumour"))


def test_a_measurement_is_of_a_patient_of_its_organisation(patient: Patient, stranger: Patient) -> None:
    assert_refused(
        "observations_measurement_patient_of_organisation",
        MEASURE,
        measurement_of(patient, patient=stranger.id),
    )


def test_a_number_keeps_its_digits(patient: Patient) -> None:
    execute(MEASURE, measurement_of(patient, quantity="7.00"))
    assert str(Measurement.objects.get().value_quantity) == "7.00"
    assert fetch_all("SELECT value_quantity::text FROM observations_measurement") == [("7.00",)]


@pytest.mark.usefixtures("scripts")
def test_a_patient_has_one_current_observation_of_a_script_and_time(patient: Patient) -> None:
    execute(OBSERVE, observation_of(patient))
    assert_refused("observation_current_once", OBSERVE, observation_of(patient))
    # Superseded ones stand beside it, as many as there were.
    execute(OBSERVE, observation_of(patient, superseded_at=NOON))
    execute(OBSERVE, observation_of(patient, superseded_at=NOON))
    assert Observation.objects.filter(superseded_at=None).count() == 1


@pytest.mark.usefixtures("scripts")
def test_an_observation_has_a_value_or_the_reason_why_not(patient: Patient) -> None:
    assert_refused("observation_value_or_reason", OBSERVE, observation_of(patient, value=None))
    assert_refused("observation_value_or_reason", OBSERVE, observation_of(patient, not_computable="no value"))
    execute(OBSERVE, observation_of(patient, value=None, not_computable="no value for glucose"))


@pytest.mark.usefixtures("scripts")
def test_an_observation_is_of_a_patient_of_its_organisation(patient: Patient, stranger: Patient) -> None:
    assert_refused(
        "observations_observation_patient_of_organisation",
        OBSERVE,
        observation_of(patient, patient=stranger.id),
    )


@pytest.mark.usefixtures("scripts")
def test_a_proposal_says_from_when_on_and_only_what_is_published_is_suspended() -> None:
    update = "UPDATE observations_scriptversion SET "
    assert_refused("script_version_proposal_whole", f"{update} proposed_at = now()")
    draft_of(GLUCOSE_7D)
    assert_refused("script_version_suspended_when_published", f"{update} suspended_at = now()")


@pytest.mark.usefixtures("scripts")
def test_a_publication_is_of_a_known_kind_and_has_what_its_kind_needs() -> None:
    insert = """
        INSERT INTO observations_publication (script_id, version_id, organisation_id, kind, effective_from, reason)
        SELECT script_id, {version}, {organisation}, %s, now(), '' FROM observations_scriptversion,
               (SELECT id FROM submitters_organisation) AS organisation LIMIT 1
    """
    factories.organisation()
    whole, without = {"version": "observations_scriptversion.id"}, {"version": "NULL"}
    here, everywhere = {"organisation": "organisation.id"}, {"organisation": "NULL"}
    assert_refused("publication_kind_known", insert.format(**whole, **everywhere), ["leak"])
    assert_refused("publication_version_unless_ended", insert.format(**without, **everywhere), ["publish"])
    assert_refused("publication_version_unless_ended", insert.format(**whole, **everywhere), ["withdraw"])
    assert_refused("publication_organisation_when_pinned", insert.format(**whole, **everywhere), ["pin"])
    assert_refused("publication_organisation_when_pinned", insert.format(**whole, **here), ["publish"])


@pytest.mark.django_db
def test_codes_are_of_known_systems_and_kinds_and_are_there_once() -> None:
    insert = """
        INSERT INTO observations_code (system, code, display, value_kind, is_computed, units)
        VALUES (%s, %s, '', %s, false, '{}')
    """
    loinc = "http://loinc.org"
    assert_refused("code_system_known", insert, ["http://snomed.info/sct", "1", "quantity"])
    assert_refused("code_value_kind_known", insert, [loinc, "1", "picture"])
    assert_refused("code_once", insert, [loinc, "2339-0", "quantity"])


def test_an_organisation_with_measurements_cannot_be_deleted(patient: Patient) -> None:
    execute(MEASURE, measurement_of(patient))
    assert_refused(
        "observations_measurement_patient_of_organisation",
        "DELETE FROM patients_patient WHERE id = %s",
        [patient.id],
    )
    assert Organisation.objects.filter(pk=patient.organisation_id).exists()
