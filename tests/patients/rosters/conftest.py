from collections.abc import Iterator

import pytest
from django.test import override_settings

from submitters.models import Submitter
from tests import factories


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


@pytest.fixture
def unguarded() -> Iterator[None]:
    """No share of patients is too many to unlink."""
    with override_settings(ROSTER_GUARD_SHARE=1):
        yield
