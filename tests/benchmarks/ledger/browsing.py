"""A member of staff who looks at the admin of one of the databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from tests.benchmarks.ledger.databases import working_on
from tests.benchmarks.ledger.histories import ACCOUNT


@contextmanager
def browsing(database: str, role: str = ACCOUNT) -> Iterator[Client]:
    """A client that is logged in with a role of ours; silk records nothing of what it asks."""
    with working_on(database), override_settings(PROFILED_SHARE=0):
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.get(groups__name=role))
        yield client


def milliseconds(client: Client, url: str, data: dict[str, Any] | None = None) -> float:
    """How long the answer takes; `data` makes it a POST. Raises RuntimeError for an answer that shows something else."""
    started = perf_counter()
    response = client.get(url) if data is None else client.post(url, data)
    took = perf_counter() - started
    if response.status_code != (200 if data is None else 302):
        raise RuntimeError(f"{url} answered {response.status_code}.")
    return took * 1000


def queries(client: Client, url: str) -> int:
    """How often the page asks the database, session and account included."""
    # What is cached for the life of a process is asked for once.
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)
