"""What the database itself refuses of facts, asked as the app's role with plain SQL."""

import pytest

from clinical_engine.common.database import execute
from clinical_engine.common.identifiers import new_id
from tests import factories
from tests.factories import NOON
from tests.patients.facts.support import fact, record, retract
from tests.patients.test_integrity import assert_refused

STATE = """
    INSERT INTO patients_patientfact (id, organisation_id, patient_id, name, value, effective_from, client_id, source)
    VALUES (%(id)s, %(organisation)s, %(patient)s, %(name)s, %(value)s, now(), %(client_id)s, %(source)s)
"""


def row(**fields: object) -> dict[str, object]:
    organisation = factories.organisation()
    return {
        "id": new_id(),
        "organisation": organisation.pk,
        "patient": factories.patient(organisation).pk,
        "name": "sex",
        "value": "female",
        "client_id": "a",
        "source": "api",
        **fields,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sex", "f"),
        ("sex", "1950"),
        ("birth_year", "1879"),
        ("birth_year", "2101"),
        ("birth_year", "19500"),
        ("birth_year", "1950\n"),
        ("birth_year", "female"),
        ("spo2_scale", "3"),
        ("height", "1"),
    ],
)
def test_only_known_names_with_their_values_are_stored(name: str, value: str) -> None:
    assert_refused("fact_value_known", STATE, row(name=name, value=value))


@pytest.mark.django_db
def test_a_fact_joins_no_two_organisations() -> None:
    foreign = factories.patient(factories.organisation())
    assert_refused("patients_patientfact_patient_of_organisation", STATE, row(patient=foreign.pk))


@pytest.mark.django_db
def test_a_client_id_and_sources_are_what_they_should_be() -> None:
    stored = row()
    execute(STATE, stored)
    assert_refused("fact_client_id_once", STATE, stored | {"id": new_id()})
    assert_refused("fact_source_known", STATE, row(source="rumour"))


@pytest.mark.django_db
def test_what_was_said_is_never_rewritten() -> None:
    organisation = factories.organisation()
    record(organisation, fact(client_id="a", since=NOON))
    retract(organisation, "a")
    assert_refused("fact_kept", "UPDATE patients_patientfact SET value = 'male'")
    assert_refused("fact_kept", "UPDATE patients_factretraction SET reason = 'Another'")
