from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from clinical_engine.profiling.silk import sampling
from clinical_engine.profiling.silk.open_windows import open_windows
from clinical_engine.profiling.silk.room import room
from tests.platform.conftest import log, profiled

__all__ = ["log", "profiled"]


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """This process knows of no window and has recorded nothing, as when it begins."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    open_windows.__init__()  # type: ignore[misc]
    room.__init__()  # type: ignore[misc]
    sampling._task_sampled.clear()


@pytest.fixture
def not_profiled(settings: Settings) -> None:
    """Nothing is recorded by chance."""
    settings.PROFILED_SHARE = 0


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    """Somebody for whom silk is open."""
    engineer = User.objects.create_user("reader")
    engineer.user_permissions.add(Permission.objects.get(codename="view_silk"))
    client.force_login(engineer)
    return client
