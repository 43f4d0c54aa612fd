"""No page of the admin asks the database more often when there are more rows."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin import world
from tests.admin.world import World


def test_every_list_asks_as_often_for_thirty_rows_as_for_three(
    superuser: Client, small_world: World, work: Callable[[], int]
) -> None:
    few = _queries_of(superuser, _lists())
    world.grow(small_world, 27, work)
    assert _queries_of(superuser, _lists()) == few


def test_every_page_asks_as_often_for_thirty_related_rows_as_for_three(
    superuser: Client, small_world: World, work: Callable[[], int]
) -> None:
    few = _queries_of(superuser, _pages(small_world))
    world.grow(small_world, 27, work)
    # Looked up anew: what was computed from three readings has been superseded by what is computed from thirty.
    assert _queries_of(superuser, _pages(small_world)) == few


def _lists() -> dict[str, str]:
    names = [model._meta.label_lower for model in world.shown_models()]
    return {name: reverse(f"admin:{name.replace('.', '_')}_changelist") for name in names}


def _pages(shown: World) -> dict[str, str]:
    pages = {
        name: reverse(f"admin:{name.replace('.', '_')}_change", args=[key])
        for name, key in world.pages_of(shown).items()
    }
    return pages | {"front page": reverse("admin:index")}


def _queries_of(client: Client, urls: dict[str, str]) -> dict[str, int]:
    numbers = {}
    for name, url in urls.items():
        # What is cached for the life of a process is asked for once.
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        assert response.status_code == 200, url
        numbers[name] = len(queries)
    return numbers
