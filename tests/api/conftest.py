import pytest
from pytest_django import Settings

from tests import factories
from tests.api.contract import DescribedClient, client_of


@pytest.fixture(autouse=True)
def not_profiled(settings: Settings) -> None:
    # A profiled request takes more queries, and chance decides which one is.
    settings.PROFILED_SHARE = 0


@pytest.fixture
def api(caller: factories.Caller) -> DescribedClient:
    """An HTTP client that sends the caller's key, and compares each answer with the API's description."""
    return client_of(caller)


@pytest.fixture
def other_caller(db: None) -> factories.Caller:
    """A client of another organisation."""
    return factories.caller()


@pytest.fixture
def other_api(other_caller: factories.Caller) -> DescribedClient:
    return client_of(other_caller)


@pytest.fixture
def committed_caller(committed_db: None) -> factories.Caller:
    """A client in a database in which commits are real."""
    return factories.caller()
