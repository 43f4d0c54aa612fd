"""The list of captured statements: what it shows, ranks, filters and finds."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from clinical_engine.profiling.models import CapturedStatement
from clinical_engine.profiling.probes import CAPTURE_IS_OFF
from tests import factories
from tests.admin.conftest import logged_in
from tests.admin.test_pages import listed, shown
from tests.profiling import captured

LIST = "admin:profiling_capturedstatement_changelist"


def test_an_empty_list_says_when_to_look_again(on_call: Client) -> None:
    assert "look again in a minute or two" in shown(on_call, LIST)


def test_a_row_says_what_it_costs_where_it_leads_and_where_it_comes_from(on_call: Client) -> None:
    made = captured.growing(failures_week=8, timeouts_week=5, lock_timeouts_week=3, repeated_most=30)
    captured.caller(made, origin="job associate")
    captured.finding(made, due_in=-1)
    page = " ".join(shown(on_call, LIST).split())
    for text in (
        made.fingerprint,
        "Grows towards its limit: overdue",
        "2 timeouts",
        "3 lock timeouts",
        "3 other failures",
        "GET /api/v1/patients/{id} and 1 more",
        "patients/selectors.py:12",
        "70 times",
        "120 ms",
        "110 ms",
        "60 ms",
        "(0.95 to 1.09)",
        "usual duration with active patients",
        "2 times slower since r2",
        "reaches 20 s at 1.4 million active patients, about March 2028 (Oct 2027 to Jan 2029)",
        "40 in a list",
        "30 a request",
    ):
        assert text in page, text
    assert '<svg class="ce-curve"' in page


def test_one_of_something_is_told_as_one(on_call: Client) -> None:
    captured.statement(calls_week=1, parameters_most=1)
    page = shown(on_call, LIST)
    assert ">1 time<" in page
    assert "<div>1 parameter<br>" in page


def test_list_and_overview_say_that_capture_is_off(on_call: Client, settings: Settings) -> None:
    assert CAPTURE_IS_OFF not in shown(on_call, LIST)
    settings.CAPTURE_EVERY = timedelta(0)
    assert CAPTURE_IS_OFF in shown(on_call, LIST)
    assert CAPTURE_IS_OFF in shown(on_call, "admin:index")


def test_who_cannot_see_statements_has_no_tile_of_them_and_none_that_needs_attention(db: None) -> None:
    captured.finding(captured.statement(timed_out_at=timezone.now()), due_in=-1)
    titles = {"Captured statements over their limit", "Slow queries overdue", "Slow queries to decide on"}
    for role, seen in (("Clinical support", set()), ("On-call engineer", titles)):
        overview = logged_in(role).get(reverse("admin:index"))
        assert {tile.title for tile in overview.context["tiles"]} & titles == seen
        wrong = sum(not tile.ok for tile in overview.context["tiles"])
        assert overview.context["verdict"].startswith(f"{wrong} number")


def test_statements_are_ranked_by_their_time_of_seven_days(on_call: Client) -> None:
    little, much = captured.statement(time_week_us=5), captured.statement(time_week_us=50)
    assert listed(on_call, LIST) == [much.fingerprint, little.fingerprint]


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("p95 now", "p95_now_us"),
        ("p95 of 7 days", "p95_week_us"),
        ("p95 of 90 days", "p95_quarter_us"),
        ("Growth", "exponent"),
        ("Parameters and values", "values_most"),
        ("Time in 7 days", "time_week_us"),
    ],
)
def test_each_rank_has_the_most_first_and_what_is_not_known_last(
    on_call: Client, title: str, column: str
) -> None:
    unknown = None if CapturedStatement._meta.get_field(column).null else 0
    rows = [captured.statement(**{column: value}).fingerprint for value in (unknown, 200, 100)]
    ranks = {name: url for name, url, _ in on_call.get(reverse(LIST)).context["ranks"]}
    found = on_call.get(reverse(LIST) + ranks[title])
    assert [str(row) for row in found.context["cl"].result_list] == [rows[1], rows[2], rows[0]]
    assert [name for name, _, chosen in found.context["ranks"] if chosen] == [title]


def test_the_nearest_limit_comes_first(on_call: Client) -> None:
    today = timezone.now().date()
    rows = [
        captured.statement(limit_on=on).fingerprint
        for on in (None, today + timedelta(days=9), today + timedelta(days=1))
    ]
    ranks = {name: url for name, url, _ in on_call.get(reverse(LIST)).context["ranks"]}
    found = on_call.get(reverse(LIST) + ranks["Nearest limit"])
    assert [str(row) for row in found.context["cl"].result_list] == rows[::-1]


def test_a_rank_keeps_filter_and_search(on_call: Client) -> None:
    page = on_call.get(reverse(LIST), {"origin": "job", "q": "x"})
    assert all("origin=job" in url and "q=x" in url for _, url, _ in page.context["ranks"])


@pytest.fixture
def four(db: None) -> list[str]:
    return [captured.statement(origin=origin).fingerprint for origin in captured.ORIGINS]


@pytest.mark.parametrize(("value", "place"), [("request", 0), ("job", 1), ("task", 2), ("command", 3)])
def test_statements_are_filtered_by_what_sends_them(
    on_call: Client, four: list[str], value: str, place: int
) -> None:
    assert listed(on_call, LIST, origin=value) == [four[place]]


def test_statements_are_filtered_by_their_findings(db: None) -> None:
    client = logged_in("On-call engineer")
    me = client.get(reverse(LIST)).context["user"]
    plain, overdue, mine, settled = (captured.statement() for _ in range(4))
    captured.finding(overdue, due_in=-1)
    captured.finding(mine, owner=me)
    captured.finding(settled, due_in=-1, closed_at=timezone.now(), closed_by=factories.user())
    assert set(listed(client, LIST, finding="open")) == {overdue.fingerprint, mine.fingerprint}
    assert listed(client, LIST, finding="overdue") == [overdue.fingerprint]
    assert listed(client, LIST, finding="mine") == [mine.fingerprint]
    assert set(listed(client, LIST, finding="none")) == {plain.fingerprint, settled.fingerprint}


def test_statements_are_filtered_by_outlook_timeouts_failures_and_repetition(on_call: Client) -> None:
    captured.statement()
    grows = captured.growing()
    failed = captured.statement(failures_week=1)
    slow = captured.statement(failures_week=1, timeouts_week=1, timed_out_at=timezone.now())
    captured.statement(timed_out_at=timezone.now() - timedelta(hours=2))
    again = captured.statement(repeated_most=20)
    assert listed(on_call, LIST, outlook__exact="grows") == [grows.fingerprint]
    assert listed(on_call, LIST, timeouts="yes") == [slow.fingerprint]
    assert listed(on_call, LIST, timeouts="lately") == [slow.fingerprint]
    assert set(listed(on_call, LIST, timeouts="failures")) == {slow.fingerprint, failed.fingerprint}
    assert listed(on_call, LIST, repeated="yes") == [again.fingerprint]


@pytest.mark.parametrize("term", ["00abc", "job associate", "folding.py", "patients_association"])
def test_a_statement_is_found_by_fingerprint_origin_place_and_shape(on_call: Client, term: str) -> None:
    captured.statement()
    found = captured.statement(
        fingerprint="00abc00000000000",
        origin="job associate",
        place="patients/folding.py:3",
        shape='SELECT ? FROM "patients_association"',
    )
    assert listed(on_call, LIST, q=term) == [found.fingerprint]


@pytest.mark.parametrize(
    "query",
    [
        {"finding": "other"},
        {"origin": "x"},
        {"timeouts": "x"},
        {"repeated": "x"},
        {"outlook": "x"},
        {"outlook__exact": "x"},
    ],
)
def test_an_unknown_filter_leads_to_the_whole_list_and_says_so(
    on_call: Client, query: dict[str, str]
) -> None:
    page = on_call.get(reverse(LIST), query, follow=True)
    assert "filter that is unknown here" in page.content.decode()


def test_a_statement_that_was_never_estimated_or_is_of_many_origins_is_shown(on_call: Client) -> None:
    captured.statement(origin="", place="", p95_now_us=None, verdict={"of": "another release"})
    page = shown(on_call, LIST)
    assert "many origins" in page
    assert "Too little data" in page
