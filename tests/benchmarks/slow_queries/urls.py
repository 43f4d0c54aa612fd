"""The engine's addresses, and some that send 200 queries: by the ORM, by `fetch_all`, by the driver alone."""

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import count
from threading import local
from uuid import UUID

import psycopg2
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class, whatever its name says

from clinical_engine.common.database import fetch_all
from submitters.models import Organisation

QUERIES = 200
_OWN_TEXT_EVERY = 10
_SQL = "SELECT id, name FROM submitters_organisation WHERE id = %s::uuid"
_number = count()
_of_thread = local()


@lru_cache
def _organisation() -> UUID:
    return Organisation.objects.values_list("pk", flat=True)[0]


def by_the_orm() -> None:
    """200 times `get`."""
    for _ in range(QUERIES):
        Organisation.objects.get(pk=_organisation())


def by_fetch_all() -> None:
    """200 times our own way."""
    for _ in range(QUERIES):
        fetch_all(_SQL, [str(_organisation())])


def _by_the_driver() -> None:
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = psycopg2.connect(
            **{**connection.get_connection_params(), "cursor_factory": Cursor}
        )
        _of_thread.connection.autocommit = True
    for _ in range(QUERIES):
        with _of_thread.connection.cursor() as cursor:
            cursor.execute(_SQL, [str(_organisation())])
            cursor.fetchall()


def _with_own_texts() -> None:
    for place in range(QUERIES):
        own = f" /* {next(_number)} */" if place % _OWN_TEXT_EVERY == 0 else ""
        fetch_all(_SQL + own, [str(_organisation())])


def _answered(send: Callable[[], None], request: HttpRequest) -> HttpResponse:
    del request
    send()
    return HttpResponse()


_WAYS = {
    "orm": by_the_orm,
    "fetch_all": by_fetch_all,
    "driver": _by_the_driver,
    "own_texts": _with_own_texts,
}
urlpatterns = [
    *(path(f"queries/{name}", partial(_answered, send)) for name, send in _WAYS.items()),
    path("", include("clinical_engine.urls")),
]
