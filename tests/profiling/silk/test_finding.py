"""From a statement to the requests in which it ran."""

import pytest
from django.test import Client
from silk.models import Request

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.fingerprints import shape_of
from clinical_engine.profiling.models import ProfiledStatement, ProfilingWindow
from clinical_engine.profiling.silk.requests import requests_of_window, requests_with
from clinical_engine.profiling.silk.work import batch_recorded
from tests.processor import processor_seconds, within
from tests.profiling.silk.stored import fill
from tests.profiling.silk.windows import do_a_round, opened


@pytest.mark.usefixtures("db", "profiled")
def test_a_statement_leads_to_what_it_ran_in_and_says_how_often() -> None:
    for number in (1, 3):
        with batch_recorded(f"job number-{number}"):
            for _ in range(number):
                execute("SELECT %s::int + 7", [number])
            execute("SELECT 'another'")
    later, earlier = requests_with(shape_of("SELECT %s::int + 7").fingerprint, 10)
    assert (later.path, later.times, later.statements, later.status) == ("job/number-3", 3, 4, 200)
    assert (earlier.method, earlier.times) == ("JOB", 1)
    assert requests_with(shape_of("SELECT 'another'").fingerprint, 1)[0].id == later.id
    assert requests_with("f" * 16, 10) == []


@pytest.mark.usefixtures("db", "profiled")
def test_its_address_shows_the_statements(admin_client: Client) -> None:
    with batch_recorded("job any"):
        execute("SELECT 4711 AS looked_for")
    [found] = requests_with(shape_of("SELECT 4711 AS looked_for").fingerprint, 10)
    page = admin_client.get(found.url)
    assert page.status_code == 200
    assert b"looked_for" in page.content
    assert b"4711" not in page.content


@pytest.mark.usefixtures("db", "profiled")
def test_the_captured_statement_and_the_recorded_one_have_the_same_fingerprint() -> None:
    text = "SELECT * FROM jobs_job WHERE id = ANY(%s::uuid[]) AND state IN ('dead', 'available')"
    with batch_recorded("job any"):
        execute(text, ["{}"])
    [kept] = ProfiledStatement.objects.all()
    assert kept.fingerprint == shape_of(text).fingerprint


@pytest.mark.usefixtures("committed_db")
def test_it_is_fast_among_ten_thousand_requests_of_twenty_statements_each() -> None:
    fill(requests=10_000, statements=20)
    execute("ANALYZE silk_request, silk_response, profiling_profiledstatement")
    with within(20 * 0.05, processor_seconds):
        for _ in range(20):
            found = requests_with("0" * 15 + "7", 50)
    assert len(found) == 50
    assert found == sorted(found, key=lambda each: each.begun_at, reverse=True)
    assert found[0].begun_at == Request.objects.latest("start_time").start_time
    rows = fetch_all(
        "EXPLAIN SELECT request_id FROM profiling_profiledstatement WHERE fingerprint = %s ORDER BY started_at DESC LIMIT 50",
        ["0" * 15 + "7"],
    )
    assert "Index" in rows[1][0]


@pytest.mark.usefixtures("db", "not_profiled")
def test_a_window_leads_to_the_slowest_that_it_recorded(api: Client) -> None:
    window = opened("GET /api/v1/measurements")
    do_a_round()
    for _ in range(3):
        api.get("/api/v1/measurements")
    found = requests_of_window(window.pk, 2)
    assert len(found) == 2
    assert found[0].milliseconds >= found[1].milliseconds > 0
    assert ProfilingWindow.objects.get().recordings.count() == 3
