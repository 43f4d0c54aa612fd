"""What silk holds stays bounded: by requests, by bytes, by statements of a request, and by the length of each."""

import pytest
from django.test import Client
from pytest_django import Settings
from silk.models import Request, SQLQuery

from clinical_engine.common.database import execute, fetch_all
from clinical_engine.profiling.models import Recording
from clinical_engine.profiling.silk import forgetting, noting
from clinical_engine.profiling.silk import room as rooms
from clinical_engine.profiling.silk.forgetting import forget_the_oldest
from clinical_engine.profiling.silk.room import room
from clinical_engine.profiling.silk.work import batch_recorded
from clinical_engine.profiling.tasks import collect_garbage
from tests import factories
from tests.profiling.silk.stored import fill
from tests.profiling.silk.windows import do_a_round, opened

TABLES = (
    "silk_request",
    "silk_response",
    "silk_sqlquery",
    "profiling_recording",
    "profiling_profiledstatement",
)


def numbers() -> dict[str, int]:
    return {table: fetch_all(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


@pytest.mark.usefixtures("committed_db")
def test_the_scheduled_job_keeps_the_latest_requests_whole(settings: Settings) -> None:
    fill(requests=350, statements=3)
    settings.SILKY_MAX_RECORDED_REQUESTS = 40
    latest = set(Request.objects.order_by("-start_time").values_list("pk", flat=True)[:40])
    collect_garbage()
    assert set(Request.objects.values_list("pk", flat=True)) == latest
    assert numbers() == {
        "silk_request": 40,
        "silk_response": 40,
        "silk_sqlquery": 120,
        "profiling_recording": 40,
        "profiling_profiledstatement": 120,
    }


@pytest.mark.usefixtures("db")
def test_the_oldest_go_when_all_together_take_too_much_room() -> None:
    fill(requests=10, statements=1, size=1_000_000)
    assert forget_the_oldest(most_bytes=4_500_000) == 6
    assert Recording.objects.count() == Request.objects.count() == 4


@pytest.mark.usefixtures("db")
def test_what_an_older_release_recorded_is_deleted_with_the_rest() -> None:
    fill(requests=5, statements=2)
    Recording.objects.all().delete()
    assert forget_the_oldest(most_requests=2) == 3
    assert Request.objects.count() == 2


@pytest.mark.usefixtures("committed_db")
def test_it_ends_in_time_and_goes_on_in_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(requests=30, statements=1)
    monkeypatch.setattr(forgetting, "_SLICE", 10)
    assert forget_the_oldest(most_requests=0, seconds=0) == 0
    assert forget_the_oldest(most_requests=0) == 30


@pytest.mark.usefixtures("db")
def test_silks_own_deletion_takes_what_we_keep_beside_along() -> None:
    fill(requests=5, statements=2)
    Request.objects.filter(pk__in=Request.objects.values_list("pk")[:2]).delete()
    assert [*numbers().values()] == [3, 3, 6, 3, 6]


@pytest.mark.usefixtures("db")
def test_nothing_is_deleted_that_fits() -> None:
    fill(requests=10, statements=1)
    assert forget_the_oldest() == 0


@pytest.mark.usefixtures("db", "profiled")
def test_of_a_request_with_very_many_statements_the_first_are_kept_and_all_are_counted() -> None:
    with batch_recorded("job any"):
        for _ in range(noting.MOST_STATEMENTS + 500):
            execute("SELECT 1")
    request = Request.objects.get()
    assert request.num_sql_queries == 1_500
    kept = SQLQuery.objects.filter(request=request).order_by("pk")
    assert kept.count() == 1_001
    last = kept[1_000]
    assert last.query.startswith("-- 500 more statements")
    assert 0 < last.time_taken < 10_000


@pytest.mark.usefixtures("db", "profiled")
def test_a_statement_of_megabytes_and_a_deep_stack_are_kept_short() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            execute(f"SELECT 1 -- {'x' * 10_000_000}")

    with batch_recorded("job any"):
        deep(200)
    [kept] = SQLQuery.objects.all()
    assert len(kept.query) <= 8_000
    assert 1_000 < len(kept.traceback) <= noting.LONGEST_TRACEBACK
    assert len(kept.traceback.splitlines()) % 2 == 0


@pytest.mark.usefixtures("committed_db", "profiled")
def test_what_is_noted_as_its_room_is_no_less_than_what_it_takes() -> None:
    before = size_of_tables()
    for _ in range(40):
        with batch_recorded("job any"):
            for number in range(100):
                execute(f"SELECT {', '.join(f'{number} AS column_{n}' for n in range(20))}")
    noted = fetch_all("SELECT sum(bytes) FROM profiling_recording")[0][0]
    taken = size_of_tables() - before
    assert noted * 0.2 < taken < noted * 1.1


def size_of_tables() -> int:
    sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in TABLES)
    return int(fetch_all(f"SELECT {sizes}")[0][0])


@pytest.mark.usefixtures("db", "not_profiled")
def test_nothing_more_is_recorded_while_silk_is_full_not_even_for_a_window(
    api: Client, caller: factories.Caller
) -> None:
    opened("GET /api/v1/measurements")
    fill(requests=1, statements=1, size=rooms.FULL + 1)
    room.take(1)
    do_a_round()
    api.get("/api/v1/measurements")
    assert Request.objects.count() == 1
    forget_the_oldest()
    do_a_round()
    api.get("/api/v1/measurements")
    assert Request.objects.count() == 1


@pytest.mark.usefixtures("db", "profiled")
def test_a_process_records_so_many_bytes_in_one_stretch_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms, "_STRETCH_BYTES", 100_000)
    for _ in range(100):
        with batch_recorded("job any"):
            for _ in range(10):
                execute("SELECT 1")
    size = fetch_all("SELECT max(bytes), sum(bytes) FROM profiling_recording")[0]
    assert 100_000 <= size[1] <= 100_000 + size[0]
    monkeypatch.setattr(rooms, "_STRETCH_SECONDS", 0.0)
    with batch_recorded("job another"):
        pass
    assert Recording.objects.filter(origin="job another").exists()
