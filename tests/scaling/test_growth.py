"""Nothing that the engine does sends more when there are more patients."""

import pytest
from pytest_django import DjangoDbBlocker

from clinical_engine.celery import app
from clinical_engine.jobs.registry import kinds
from tests.api.contract import operations
from tests.scaling.endpoints import ENDPOINTS, FHIR, MONITORING, fhir_operations
from tests.scaling.measuring import Measured, measure_everything
from tests.scaling.pages import LEFT_OUT, names, names_of_models
from tests.scaling.work import KINDS

# The first one waits until all is measured.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="session")
def measured(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Measured:
    with django_db_blocker.unblock():
        return measure_everything()


@pytest.mark.parametrize("name", [f"{method} {path}" for method, path, _ in operations()])
def test_an_endpoint_sends_no_more_when_there_are_more_patients(measured: Measured, name: str) -> None:
    assert name in ENDPOINTS, f"{name} has no entry in tests/scaling/endpoints.py"
    found = measured.complaints(f"api {name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", fhir_operations())
def test_an_endpoint_of_fhir_sends_no_more_when_there_are_more_patients(
    measured: Measured, name: str
) -> None:
    assert name in FHIR, f"{name} has no entry in tests/scaling/endpoints.py"
    found = measured.complaints(f"fhir {name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", [kind.name for kind in kinds()])
def test_a_kind_of_job_sends_no_more_when_there_are_more_patients(measured: Measured, name: str) -> None:
    assert name in KINDS, f"The job kind {name} has no entry in tests/scaling/work.py"
    found = measured.complaints(f"job {name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", app.conf.beat_schedule)
def test_what_is_done_from_time_to_time_sends_no_more(measured: Measured, name: str) -> None:
    found = measured.complaints(f"periodic {name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", MONITORING)
def test_what_watches_the_engine_sends_no_more(measured: Measured, name: str) -> None:
    found = measured.complaints(f"monitoring {name}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", sorted(set(names()) - set(LEFT_OUT)))
def test_a_page_of_the_admin_sends_no_more_when_there_are_more_patients(
    measured: Measured, name: str
) -> None:
    known = {each.split(" ")[1] for each in measured.by_patients if each.startswith("admin ")}
    assert name in known, f"The page {name} of the admin has no entry in tests/scaling/own_pages.py"
    found = measured.complaints(f"admin {name}")
    assert not found, "\n".join(found)


def test_there_is_no_entry_of_what_is_gone() -> None:
    assert set(ENDPOINTS) == {f"{method} {path}" for method, path, _ in operations()}
    assert set(FHIR) == set(fhir_operations())
    assert {name.split()[0] for name in KINDS} == {kind.name for kind in kinds()}
    assert set(LEFT_OUT) <= set(names())
    assert names_of_models() <= set(names())
