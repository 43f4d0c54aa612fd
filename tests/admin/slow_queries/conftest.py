"""Who looks at slow queries."""

import pytest
from django.test import Client

from tests.admin.conftest import logged_in


@pytest.fixture
def on_call(db: None) -> Client:
    """A client logged in as an on-call engineer."""
    return logged_in("On-call engineer")
