"""A streamed answer is recorded to its end: with what it sends while it is read, once, and without what it holds."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import Client
from silk.models import Request, SQLQuery

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.models import Recording
from clinical_engine.profiling.silk.noting import Noted
from clinical_engine.profiling.silk.streaming import is_streamed, note_to_its_end
from tests import factories
from tests.admin import world

EXPORT = "/admin/observations/measurement/export/"
MARK = "Zaphrasia-4711"


def asked_for(client: Client) -> Any:
    world.record(factories.organisation(), factories.reading(MARK))
    return client.post(EXPORT, {"reason": "To look into it"})


def fetches() -> list[str]:
    return list(SQLQuery.objects.filter(query__startswith="FETCH").values_list("query", flat=True))


@pytest.mark.usefixtures("profiled")
def test_an_export_is_recorded_when_it_is_sent_with_all_that_it_read(admin_client: Client) -> None:
    answer = asked_for(admin_client)
    assert not Request.objects.filter(method="POST").exists(), "It is not over yet."
    assert MARK.encode() in b"".join(answer.streaming_content)
    recorded = Request.objects.get(method="POST")
    assert recorded.path == EXPORT
    assert fetches()
    assert recorded.num_sql_queries == SQLQuery.objects.filter(request=recorded).count()
    assert MARK not in " ".join(SQLQuery.objects.values_list("query", flat=True))
    assert Recording.objects.filter(request=recorded).count() == 1


@pytest.mark.usefixtures("profiled")
def test_an_export_that_nobody_reads_to_its_end_is_recorded_as_well(admin_client: Client) -> None:
    answer = asked_for(admin_client)
    next(answer.streaming_content)
    # The test client's own generator, which closes the answer as a server does when nobody is there any more.
    answer._iterator.close()
    [recorded] = Request.objects.filter(method="POST")
    assert recorded.response.status_code == 200
    assert SQLQuery.objects.filter(request=recorded).exists()


def ended(parts: Iterator[bytes]) -> tuple[Noted, list[str], StreamingHttpResponse]:
    noted, told, answer = Noted(), list[str](), StreamingHttpResponse(parts)
    note_to_its_end(answer, noted, told.append)
    return noted, told, answer


@pytest.mark.django_db
def test_what_is_sent_for_each_part_is_noted_and_nothing_of_what_comes_between() -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(3):
            fetch_all("SELECT 1 AS of_a_part")
            yield b"part"

    noted, told, answer = ended(parts())
    for _ in answer:
        fetch_all("SELECT 2 AS of_the_reader")
    assert told == []
    answer.close()
    assert told == [""]
    assert [each.shape for each in noted.statements] == ["SELECT ? AS of_a_part"] * 3


@pytest.mark.django_db
def test_what_is_let_go_by_one_who_went_away_is_noted() -> None:
    def parts() -> Iterator[bytes]:
        try:
            yield b"part"
        finally:
            fetch_all("SELECT 1 AS let_go")

    noted, told, answer = ended(parts())
    next(iter(answer))
    answer.close()
    assert ([each.shape for each in noted.statements], told) == (["SELECT ? AS let_go"], [""])


@pytest.mark.django_db
def test_an_answer_that_fails_in_its_midst_says_so_without_the_errors_text() -> None:
    def parts() -> Iterator[bytes]:
        yield b"part"
        raise OperationalError(MARK)

    _, told, answer = ended(parts())
    with pytest.raises(OperationalError):
        list(answer)
    answer.close()
    [failure] = told
    assert "OperationalError" in failure
    assert MARK not in failure


def test_a_file_and_a_plain_answer_are_recorded_at_once() -> None:
    assert not any(is_streamed(each) for each in (HttpResponse(), FileResponse(b"content")))
