"""Windows: who opens them for what, how processes learn of them, and that they end."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from silk.models import Request

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.profiling.models import ProfilingWindow, Recording
from clinical_engine.profiling.silk import open_windows as windows_known
from clinical_engine.profiling.silk import origins, windows
from clinical_engine.profiling.silk.open_windows import OpenWindows, open_windows
from tests import factories
from tests.api.bodies import post, statement
from tests.profiling.silk.windows import do_a_round, opened

ACTIVATIONS = "POST /api/v1/activations"

pytestmark = pytest.mark.usefixtures("db", "not_profiled")


@pytest.fixture
def actor(db: None) -> User:
    return factories.user()


def activate(api: Client, caller: factories.Caller, number: int = 1) -> None:
    for each in range(number):
        body = statement(caller, f"s-{each}", f"p-{each}")
        assert post(api, "activations", body).status_code == 202


def test_while_a_window_is_open_each_request_of_its_origin_is_recorded_and_no_other(
    api: Client, caller: factories.Caller
) -> None:
    window = opened(ACTIVATIONS)
    activate(api, caller)
    assert not Request.objects.exists(), "The process does not know of it yet."
    do_a_round()
    activate(api, caller, 3)
    post(api, "deactivations", statement(caller, "d-1"))
    api.get("/api/v1/activations")
    assert set(Request.objects.values_list("method", "path")) == {("POST", "/api/v1/activations")}
    assert Recording.objects.filter(window=window, origin=ACTIVATIONS).count() == 3


def test_a_window_of_a_page_of_the_admin_is_told_by_its_route(actor: User) -> None:
    origin = "GET /admin/jobs/job/<path:object_id>/change/"
    assert origins.is_known(origin)
    opened(origin)
    do_a_round()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    client.get(f"/admin/jobs/job/{actor.pk}/change/")
    client.get("/admin/jobs/job/")
    assert list(Request.objects.values_list("path", flat=True)) == [origin.removeprefix("GET ")]


def test_a_window_that_is_over_or_stopped_records_nothing_more(api: Client, caller: factories.Caller) -> None:
    over, stopped = opened(ACTIVATIONS), opened("POST /api/v1/deactivations")
    do_a_round()
    # By the clock of the process, which is told how long it stays open.
    open_windows._known[over.pk].ends = 0.0
    windows.stop(actor=factories.user(), window_id=stopped.pk, reason="Enough")
    do_a_round()
    open_windows._known[over.pk].ends = 0.0
    activate(api, caller)
    post(api, "deactivations", statement(caller, "d-1"))
    assert not Request.objects.exists()


def test_a_process_that_has_seen_a_window_end_knows_of_it_no_more(db: None) -> None:
    window = opened(ACTIVATIONS)
    do_a_round()
    assert open_windows.are_there()
    execute(
        "UPDATE profiling_profilingwindow SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'"
    )
    do_a_round()
    assert not open_windows.are_there()
    assert open_windows.one_for(window.origin) is None


def test_a_share_of_the_requests_is_recorded_when_only_that_was_asked_for(db: None) -> None:
    opened(ACTIVATIONS, per_cent=30)
    recorded = 0
    for _ in range(40):
        do_a_round()
        recorded += sum(open_windows.one_for(ACTIVATIONS) is not None for _ in range(20))
    # 240 are expected, with a standard deviation of 13.
    assert 160 < recorded < 320


def test_all_processes_together_record_no_more_than_a_window_may(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows_known, "MOST_RECORDED", 250)
    window = opened(ACTIVATIONS)
    processes = [OpenWindows() for _ in range(5)]
    recorded = 0
    for _ in range(10):
        for process in processes:
            do_a_round(process)
        recorded += sum(process.one_for(ACTIVATIONS) is not None for _ in range(500) for process in processes)
    assert recorded == 250
    for process in processes:
        do_a_round(process)
    window.refresh_from_db()
    assert (window.granted, window.recorded) == (250, 250)


def test_in_one_round_a_process_records_a_hundred_at_most(db: None) -> None:
    opened(ACTIVATIONS)
    numbers = []
    for _ in range(3):
        do_a_round()
        numbers.append(sum(open_windows.one_for(ACTIVATIONS) is not None for _ in range(500)))
    assert numbers == [20, 100, 100]


def test_what_was_recorded_is_told_of_a_window_that_is_over(db: None) -> None:
    window = opened(ACTIVATIONS)
    do_a_round()
    assert open_windows.one_for(ACTIVATIONS) == window.pk
    windows.stop(actor=factories.user(), window_id=window.pk, reason="Enough")
    do_a_round()
    window.refresh_from_db()
    assert window.recorded == 1


def test_choosing_what_to_record_asks_no_database(api: Client, caller: factories.Caller) -> None:
    opened("POST /api/v1/deactivations")
    do_a_round()
    with CaptureQueriesContext(connection) as captured:
        activate(api, caller)
    assert not [query for query in captured if "profiling" in query["sql"] or "silk" in query["sql"]]


def test_opening_and_stopping_is_in_the_audit_trail(actor: User) -> None:
    window = opened(ACTIVATIONS, minutes=10, per_cent=50, actor=actor)
    windows.stop(actor=actor, window_id=window.pk, reason="Enough")
    begun, ended = AuditEntry.objects.order_by("pk")
    assert (begun.action, begun.actor, begun.target_id) == (
        "profiling_window.start",
        actor,
        str(window.pk),
    )
    assert begun.details == {"origin": ACTIVATIONS, "minutes": 10, "per_cent": 50}
    assert (ended.action, ended.reason) == ("profiling_window.stop", "Enough")
    window.refresh_from_db()
    assert window.stopped_by == actor
    assert window.ends_at <= timezone.now()


def test_a_window_lasts_as_long_as_was_asked(actor: User) -> None:
    window = opened(ACTIVATIONS, minutes=60)
    window.refresh_from_db()
    assert (window.ends_at - window.starts_at).total_seconds() == 3600


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("origin", "POST /api/v1/nowhere"),
        ("origin", "PATCH /api/v1/activations"),
        ("origin", "GET /silk/"),
        ("origin", "command backfill"),
        ("origin", ""),
        ("minutes", 0),
        ("minutes", 61),
        ("per_cent", 0),
        ("per_cent", 101),
        ("reason", "  "),
        ("reason", "x" * 501),
    ],
)
def test_what_cannot_be_is_refused_by_field(actor: User, field: str, wrong: object) -> None:
    asked = {"origin": ACTIVATIONS, "minutes": 10, "per_cent": 100, "reason": "A test", field: wrong}
    with pytest.raises(RefusedError) as refused:
        windows.start(actor=actor, **asked)  # type: ignore[arg-type]
    assert [refusal.field for refusal in refused.value.refusals] == [field]
    assert not ProfilingWindow.objects.exists()


def test_no_second_window_is_opened_for_the_same_and_no_sixth_at_all(actor: User) -> None:
    opened(ACTIVATIONS)
    with pytest.raises(NotAllowedNowError, match="open for it already"):
        opened(ACTIVATIONS)
    others = ("job associate", "job recompute", "task jobs.sweep", "GET /api/v1/measurements")
    for origin in others:
        opened(origin)
    with pytest.raises(NotAllowedNowError, match="5 windows are open"):
        opened("POST /api/v1/measurements")
    ended = ProfilingWindow.objects.earliest("pk")
    windows.stop(actor=actor, window_id=ended.pk, reason="Enough")
    assert opened("POST /api/v1/measurements").pk


def test_what_is_over_cannot_be_stopped(actor: User) -> None:
    window = opened(ACTIVATIONS)
    windows.stop(actor=actor, window_id=window.pk, reason="Enough")
    with pytest.raises(NotAllowedNowError, match="over already"):
        windows.stop(actor=actor, window_id=window.pk, reason="Again")
    assert AuditEntry.objects.filter(action="profiling_window.stop").count() == 1


def test_no_window_is_opened_where_no_process_would_learn_of_it(actor: User, settings: Settings) -> None:
    settings.CAPTURE_EVERY = timedelta(0)
    with pytest.raises(NotAllowedNowError, match="CAPTURE_EVERY_SECONDS"):
        opened(ACTIVATIONS)


def test_whatever_the_engine_does_can_be_chosen() -> None:
    chosen = origins.choices()
    assert {"job associate", "job recompute", "job import", "job backfill"} <= set(chosen["Jobs"])
    assert {"task jobs.sweep", "task profiling.roll_up"} <= set(chosen["Tasks"])
    assert {ACTIVATIONS, "PUT /api/v1/submitters/<uuid:submitter_id>/roster"} <= set(chosen["API"])
    assert "GET /api/v1/activations" not in chosen["API"]
    assert any(each.startswith("GET /fhir") for each in chosen["FHIR"])
    everything = [each for those in chosen.values() for each in those]
    assert len(everything) == len(set(everything))
    assert not [each for each in everything if "/silk/" in each or "/health" in each]
