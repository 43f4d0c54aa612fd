"""A patient who is active, whose results are to be explained."""

from collections.abc import Callable

import pytest

from submitters.models import Submitter
from tests import factories
from tests.observations.facts import state


@pytest.fixture
def submitter(db: None, work: Callable[[], int]) -> Submitter:
    owner = factories.submitter()
    state(owner, -40, "active")
    work()
    return owner
