"""The feed of changes: in order, whole, and never ahead of what may still commit."""

from concurrent.futures import Future
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinical_engine.common.database import execute, fetch_all
from observations.api.changes.cursor import Cursor
from observations.changes import BEGINNING, Place, changes_after, horizon_of
from observations.models import Observation
from patients.models import Patient
from submitters.models import ApiClient
from tests import factories
from tests.api.contract import DescribedClient, client_of
from tests.factories import NOON, Caller, days
from tests.observations.reading.following import (
    CHANGES,
    Follower,
    order_of_writing,
    patient_in,
    supersede,
    twice,
    write,
)
from tests.observations.scripts.writing import content, draft, reads, script_named
from tests.patients.concurrency import Threads, uncommitted
from tests.patients.histories import dice


@pytest.fixture
def caller(committed_db: None) -> Caller:
    return factories.caller()


@pytest.fixture
def api(caller: Caller) -> DescribedClient:
    return client_of(caller)


@pytest.fixture
def patient(caller: Caller) -> Patient:
    return patient_in(caller.organisation)


def test_the_feed_tells_each_result_once_in_the_order_in_which_it_was_written(
    api: DescribedClient, patient: Patient
) -> None:
    for number in range(7):
        write(patient, number)
    for size in (1, 3, 7, 8):
        assert Follower(api, page_size=size).ask() == order_of_writing()
    follower = Follower(api)
    follower.ask()
    assert follower.ask() == []
    assert write(patient, 7) == follower.ask()[0]


def test_a_result_that_is_superseded_comes_again_under_its_id_with_the_reason(
    api: DescribedClient, patient: Patient
) -> None:
    row, other = write(patient, 0), write(patient, 1)
    follower = Follower(api)
    follower.ask()
    supersede(row)
    assert follower.ask() == [row]
    assert follower.seen == [(row, False), (other, False), (row, True)]
    again = api.get(CHANGES).json()["results"]
    assert [(one["id"], one["superseded_because"]) for one in again] == [
        (str(other), ""),
        (str(row), "a measurement came in later"),
    ]
    assert again[0]["patient"] == str(patient.pk)


def test_what_a_worker_of_the_release_before_supersedes_comes_again_too(
    api: DescribedClient, patient: Patient
) -> None:
    row, _ = write(patient, 0), write(patient, 1)
    follower = Follower(api)
    follower.ask()
    # It knows of no feed, and so does not say in which transaction the row changed.
    execute(
        "UPDATE observations_observation SET superseded_at = now(), superseded_because = 'another' WHERE id = %s",
        [row],
    )
    assert follower.ask() == [row]
    assert follower.seen[-1] == (row, True)


def test_what_is_written_first_and_committed_last_is_not_passed_over(
    api: DescribedClient, patient: Patient
) -> None:
    follower = Follower(api)
    with Threads(1) as threads, uncommitted(threads, lambda: write(patient, 1)):
        later = write(patient, 2)
        assert follower.ask() == [], "what commits before an earlier transaction waits for it"
        Observation.objects.filter(pk=later).update(computed_at=NOON)
        follower.ask()
        assert follower.lag_seconds > days(1).total_seconds(), "and the answer says for how long"
    assert follower.ask() == order_of_writing()
    assert follower.lag_seconds == 0


def test_readers_of_many_writers_miss_nothing_and_see_nothing_twice(
    caller: Caller, patient: Patient, request: pytest.FixtureRequest
) -> None:
    random = dice(request.config.getoption("randomly_seed"))
    writers, transactions = 4, 25
    plans = [
        [(random.randint(1, 3), random.random() / 100, random.random() < 0.2) for _ in range(transactions)]
        for _ in range(writers)
    ]

    def writer(number: int) -> None:
        for count, (rows, pause, is_undone) in enumerate(plans[number]):
            with transaction.atomic():
                for row in range(rows):
                    write(patient, number * 10_000 + count * 10 + row)
                    execute("SELECT pg_sleep(%s)", [pause])
                if is_undone:
                    transaction.set_rollback(True)

    def reader(running: list["Future[None]"]) -> Follower:
        follower = Follower(client_of(caller), page_size=random.choice([1, 5, 100]))
        while not all(one.done() for one in running):
            follower.ask()
        follower.ask()
        return follower

    with Threads(writers + 2) as threads:
        running = [threads.start(writer, number) for number in range(writers)]
        readers = [threads.start(reader, running) for _ in range(2)]
        followers = [one.result() for one in readers]
    written = order_of_writing()
    assert len(written) > writers * transactions / 2
    for follower in followers:
        assert [row for row, _ in follower.seen] == written
        assert twice(row for row, _ in follower.seen) == set()


def test_a_client_may_begin_with_what_changes_from_now_on(api: DescribedClient, patient: Patient) -> None:
    write(patient, 0)
    follower = Follower(api, start="now")
    assert follower.ask() == []
    new = write(patient, 1)
    assert follower.ask() == [new]


def test_filters_leave_rows_out_and_lose_no_place(api: DescribedClient, patient: Patient) -> None:
    rows = [write(patient, number) for number in range(5)]
    for query in ({"script": "glucose-7d"}, {"code": "glucose-7d"}):
        assert set(Follower(api, page_size=2, **query).ask()) == set(rows)
    draft("another", content("result = x", {"x": reads("2339-0")}))
    for query in ({"script": "another"}, {"code": "2339-0"}):
        follower = Follower(api, page_size=2, **query)
        assert follower.ask() == []
        follower.query = {"page_size": 2}
        assert follower.ask() == [], "what was looked at does not come again"


def test_only_the_organisations_of_the_key_are_told_of_all_of_them_or_one(
    api: DescribedClient, caller: Caller, patient: Patient
) -> None:
    second = factories.organisation()
    ApiClient.objects.get().organisations.add(second)
    other = patient_in(second)
    stranger = patient_in(factories.organisation())
    ours, theirs = write(patient, 0), write(other, 0)
    write(stranger, 0)
    assert Follower(api).ask() == [ours, theirs]
    assert Follower(api, organisation=str(second.pk)).ask() == [theirs]
    refused = api.get(CHANGES, {"organisation": str(stranger.organisation_id)})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "unknown_organisation"


def test_the_script_of_a_filter_is_one_of_all_or_of_the_keys_organisations(
    api: DescribedClient, caller: Caller, patient: Patient
) -> None:
    drafted = content("result = x", {"x": reads("2339-0")})
    for name, owner in (("ours", caller.organisation), ("theirs", factories.organisation())):
        script_named(name, organisation=owner)
        draft(name, drafted)
    assert Follower(api, script="ours").ask() == []
    for name in ("theirs", "glucose-7"):
        answer = api.get(CHANGES, {"script": name})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("script", "unknown_script")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "soon"}, "invalid"),
        ({"cursor": "!"}, "invalid"),
        ({"start": "yesterday"}, "invalid_choice"),
        ({"page_size": "1001"}, "max_value"),
        ({"since": "2026-01-01"}, "unknown_parameter"),
    ],
    ids=str,
)
def test_what_is_no_cursor_and_no_parameter_is_refused(
    api: DescribedClient, query: dict[str, str], code: str
) -> None:
    answer = api.get(CHANGES, query)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["code"] == code
    assert not any(sent in error["message"] for sent in query.values() if len(sent) > 1)


def test_a_cursor_and_a_start_are_not_taken_together(api: DescribedClient, patient: Patient) -> None:
    cursor = api.get(CHANGES).json()["cursor"]
    answer = api.get(CHANGES, {"cursor": cursor, "start": "now"})
    assert [error["code"] for error in answer.json()["errors"]] == ["cursor_and_start"]


def _cursor(**change: int) -> str:
    """A cursor of this database, but for what is changed."""
    horizon = horizon_of([])
    told = {"system": horizon.system, "timeline": horizon.timeline, "changed_in": 1, **change}
    return str(Cursor(told["system"], told["timeline"], Place(told["changed_in"], UUID(int=1))))


@pytest.mark.parametrize("change", [{"system": 7}, {"timeline": 99}, {"changed_in": 2**40}], ids=str)
def test_a_cursor_of_another_database_or_of_its_future_is_told_to_begin_anew(
    api: DescribedClient, change: dict[str, int]
) -> None:
    assert api.get(CHANGES, {"cursor": _cursor()}).status_code == 200
    answer = api.get(CHANGES, {"cursor": _cursor(**change)})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("changes-begin-anew")


def test_results_with_numbers_of_another_database_close_the_feed_until_they_are_renumbered(
    api: DescribedClient, patient: Patient
) -> None:
    rows = [write(patient, number) for number in range(3)]
    execute("UPDATE observations_observation SET changed_in = '900000000000'")
    refused = api.get(CHANGES)
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("changes-not-ready")
    call_command("renumber_changes")
    assert set(Follower(api).ask()) == set(rows)


def test_ten_organisations_take_as_many_queries_as_one_and_read_by_the_index(
    api: DescribedClient, patient: Patient
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(CHANGES)
        return len(captured)

    write(patient, 0)
    queries()
    alone = queries()
    for _ in range(9):
        organisation = factories.organisation()
        ApiClient.objects.get().organisations.add(organisation)
        write(patient_in(organisation), 0)
    assert queries() == alone


def test_the_feed_is_read_by_its_index(caller: Caller, patient: Patient) -> None:
    with transaction.atomic():
        for number in range(30):
            write(patient, number)
    execute("ANALYZE observations_observation")
    execute("SET enable_seqscan = off")
    with CaptureQueriesContext(connection) as captured:
        horizon = horizon_of([patient.organisation_id])
        assert len(changes_after(BEGINNING, horizon, [patient.organisation_id], 10)) == 10
    for query in captured:
        plan = "\n".join(row for (row,) in fetch_all(f"EXPLAIN {query['sql']}"))
        assert "observation_changes" in plan
        assert "Seq Scan" not in plan
    execute("RESET enable_seqscan")
