"""Browsing the admin: as a logged-in test client, and in a real browser against a real server."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.admin import world
from tests.admin.world import World


@pytest.fixture
def support(db: None) -> Client:
    """A client logged in as clinical support."""
    return logged_in("Clinical support")


@pytest.fixture
def superuser(db: None) -> Client:
    """A client logged in as somebody who may do everything."""
    return logged_in("superuser")


def logged_in(role: str) -> Client:
    client = Client()
    client.force_login(world.account(role))
    return client


@pytest.fixture
def small_world(db: None, work: Callable[[], int]) -> World:
    """A few rows of everything."""
    begun = world.begin()
    world.grow(begun, 3, work)
    return begun
