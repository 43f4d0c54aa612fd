import json
from typing import Any

import pytest
from django.test import Client
from fhir.resources.R4B import get_fhir_model_class
from pytest_django import Settings

from patients.services import activate
from tests import factories
from tests.factories import BY_IMPORT, NOON, Caller


class ValidatingClient(Client):
    """A client to which everything below `/fhir` answers a resource that FHIR's own definitions find valid."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        assert answer.headers["Content-Type"] == "application/fhir+json", answer.content[:500]
        assert_valid(json.loads(answer.content))
        return answer


def assert_valid(resource: Any) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.fixture(autouse=True)
def not_profiled(settings: Settings) -> None:
    # A profiled request takes more queries, and chance decides which one is.
    settings.PROFILED_SHARE = 0


def client_of(caller: Caller) -> ValidatingClient:
    return ValidatingClient(headers={"Authorization": f"Bearer {caller.key}"})


@pytest.fixture
def api(caller: Caller) -> ValidatingClient:
    return client_of(caller)


def link(caller: Caller) -> None:
    """Say that the patient p-1 is linked since long."""
    activate(
        submitter=caller.submitter,
        statements=[factories.statement("p-1", NOON - factories.days(300))],
        origin=BY_IMPORT,
    )


@pytest.fixture
def linked(caller: Caller) -> None:
    """The patient p-1 is linked since long, once what is due is done."""
    link(caller)
