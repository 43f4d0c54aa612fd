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
    lists = [
        reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
        for model in world.shown_models()
    ]
    _queries_of(superuser, lists)
    few = _queries_of(superuser, lists)
    world.grow(small_world, 27, work)
    assert _queries_of(superuser, lists) == few


def test_every_page_asks_as_often_for_thirty_related_rows_as_for_three(
    superuser: Client, small_world: World, work: Callable[[], int]
) -> None:
    pages = [
        reverse(f"admin:{model.replace('.', '_')}_change", args=[key])
        for model, key in world.pages_of(small_world).items()
    ]
    pages.append(reverse("admin:index"))
    _queries_of(superuser, pages)
    few = _queries_of(superuser, pages)
    world.grow(small_world, 27, work)
    assert _queries_of(superuser, pages) == few


def _queries_of(client: Client, urls: list[str]) -> dict[str, int]:
    numbers = {}
    for url in urls:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        assert response.status_code == 200, url
        numbers[url] = len(queries)
    return numbers
