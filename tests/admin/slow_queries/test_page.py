"""The page of a captured statement."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from clinical_engine.profiling.durations import packed
from clinical_engine.profiling.models import CapturedStatement
from tests.admin.conftest import logged_in
from tests.admin.test_pages import shown
from tests.profiling import captured

PAGE = "admin:profiling_capturedstatement_change"


def page_of(client: Client, statement: CapturedStatement) -> str:
    return " ".join(shown(client, PAGE, statement.pk).split())


def test_a_page_says_what_a_statement_costs_and_when_it_fails(on_call: Client) -> None:
    page = page_of(on_call, captured.growing())
    for text in (
        "The duration grows with the active patients to the power of 1.0 (0.9 to 1.1).",
        "reaches 20 s at 1.4 million active patients, about March 2028 (Oct 2027 to Jan 2029)",
        "time limit of a request&#x27;s statement",
        "<dt>p95 of 90 days</dt><dd>60 ms</dd>",
        "<dt>Most values in the longest list</dt><dd>40</dd>",
        "FROM &quot;patients_patient&quot;",
    ):
        assert text in page, text


def test_a_page_draws_the_cost_against_the_patients_with_curve_and_limit(on_call: Client) -> None:
    made = captured.growing()
    captured.days(made, 30, ("r1", "r2"))
    page = page_of(on_call, made)
    assert "Usual duration against active patients: " in page
    assert "ce-cost-curve" in page
    assert "<title>20 s: time limit of a request&#x27;s statement</title>" in page
    # A dot for each day; of the oldest day it says what it stands for.
    assert page.count('<circle class="ce-cost-mark ce-cost-median"') == 30 + 1
    assert "at 10,000 active patients, r1</title>" in page


def test_a_fixed_cost_beneath_the_growth_is_told_and_drawn(on_call: Client) -> None:
    made = captured.growing_above_a_fixed_cost()
    captured.days(made, 30)
    page = page_of(on_call, made)
    assert (
        "<dt>Fixed cost</dt><dd>40 ms are fixed, 67% of what it costs now, and hide how fast the rest grows:"
        " the power is 0.33 now and 0.97 at the limit.</dd>"
    ) in page
    assert "<title>40 ms are fixed</title>" in page
    assert page.count("67% of what it costs now") == 2, "Also to who does not see the plot."
    assert "above a fixed 40 ms" in shown(on_call, "admin:profiling_capturedstatement_changelist")


def test_a_fixed_cost_that_hides_nothing_is_not_told(on_call: Client) -> None:
    page = page_of(on_call, captured.growing_above_a_fixed_cost(1_000.0))
    assert "fixed" not in page.replace("profiling.css", "").split('class="ce-live')[1].split("<h2>Shape")[0]


def test_a_page_draws_each_day_with_releases_marked_and_says_the_same_as_a_table(on_call: Client) -> None:
    made = captured.growing()
    captured.days(made, 30, ("r1", "r2", "r3"))
    page = page_of(on_call, made)
    for title in ("Duration", "Rows", "Most parameters and values of one execution"):
        assert f"<figcaption>{title} by day</figcaption>" in page
    assert page.count('class="ce-cost-release"') == 2 * 4
    assert ">r2</text>" in page
    assert page.count("<td>r3</td>") == 10


def test_executions_are_told_a_day_also_where_days_are_put_together_into_a_month(on_call: Client) -> None:
    first = timezone.now().date() - timedelta(days=150)
    made = captured.growing(first_seen_at=timezone.now() - timedelta(days=140))
    captured.days(made, 2)
    for month, calls in ((first, 4_000), (first + timedelta(days=30), 6_000)):
        sums = captured._SUMS | {"calls": calls, "day": month, "days": 30, "durations": packed({200: calls})}
        made.days.create(release=captured.release(), **sums)
    page = page_of(on_call, made)
    assert "Executions a day" in page
    spans = [
        (first + timedelta(days=start), first + timedelta(days=end)) for start, end in ((10, 29), (30, 59))
    ]
    for begin, end in spans:
        assert f"<td>{date_format(begin, 'j M Y')} to {date_format(end, 'j M Y')}</td>" in page
        assert f"{date_format(end, 'j M Y')}: executions a day 200, r1</title>" in page
    assert page.count("<td>200</td>") == 2
    assert page.count("<td>100</td>") == 2


def test_a_page_without_any_day_or_estimate_says_so(on_call: Client) -> None:
    page = page_of(on_call, captured.statement(verdict={}))
    assert "It has no day yet" in page
    assert "Not estimated yet" in page


def test_a_statement_that_is_at_its_limit_says_that(on_call: Client) -> None:
    made = captured.growing()
    made.verdict["crossing"]["driver_now"] = 2_000_000
    made.save(update_fields=["verdict"])
    assert "is at its limit of 20 s" in page_of(on_call, made)


def test_a_page_names_everybody_who_sends_it_and_the_releases_that_changed_it(on_call: Client) -> None:
    made = captured.growing()
    captured.caller(
        made, origin="job associate", place="patients/folding.py:7", calls=12_345, repeated_most=31
    )
    page = page_of(on_call, made)
    for cell in ("job associate", "patients/folding.py:7", "12,345", "31", "r2", "2 times slower"):
        assert f"<td>{cell}</td>" in page, cell


def test_a_plot_scales_whatever_the_figures_are(on_call: Client) -> None:
    made = captured.growing()
    captured.days(made, 1)
    assert "Executions a day" in page_of(on_call, made)
    captured.days(other := captured.statement(), 2)
    other.days.update(rows=0, parameters_most=0, values_most=0, durations=b"")
    assert "Rows by day" in page_of(on_call, other)


def test_nobody_but_on_call_engineers_and_administrators_sees_captured_statements(db: None) -> None:
    made = captured.growing()
    captured.finding(made)
    urls = (
        reverse(PAGE, args=[made.pk]),
        reverse("admin:profiling_capturedstatement_changelist"),
        reverse("admin:profiling_finding_changelist"),
    )
    for role, status in {
        "On-call engineer": 200,
        "Administrator": 200,
        "Clinical support": 403,
        "Script author": 403,
    }.items():
        client = logged_in(role)
        assert [client.get(url).status_code for url in urls] == [status] * 3, role
        assert client.post(urls[0], {"origin": "x"}).status_code == 403, role


@pytest.mark.parametrize("origin", ["command import_diabetes", "silk", "GET /silk/", ""])
def test_a_page_offers_no_profiling_of_what_silk_cannot_record(on_call: Client, origin: str) -> None:
    page = page_of(on_call, captured.growing(origin=origin))
    assert reverse("admin:profiling_profilingwindow_add") + "?" not in page
    assert "Profile the next 10 minutes" not in page


def test_the_words_of_a_shape_stand_as_they_are_also_where_a_keyword_is_a_column(on_call: Client) -> None:
    shape = "SELECT id, source, uuid, position FROM measurements WHERE type = ? ORDER BY position"
    made = captured.growing(shape=shape)
    page = page_of(on_call, made).split('id="statement-shape"')[1].split("</pre>")[0]
    for word in ("source,", "uuid,", "position FROM", "type = ?", "ORDER BY position"):
        assert word in page, word


def test_a_page_offers_to_profile_what_sends_the_statement(on_call: Client) -> None:
    page = page_of(on_call, captured.growing(origin="POST /api/v1/activations"))
    assert f"{reverse('admin:profiling_profilingwindow_add')}?origin=POST+%2Fapi%2Fv1%2Factivations" in page
    assert "Profile the next 10 minutes of POST /api/v1/activations" in page


@pytest.mark.usefixtures("db")
def test_the_menu_leads_to_slow_queries_and_findings() -> None:
    text = logged_in("On-call engineer").get(reverse("admin:index")).content.decode()
    assert reverse("admin:profiling_capturedstatement_changelist") in text
    assert "Slow queries" in text
    support = logged_in("Clinical support").get(reverse("admin:index")).content.decode()
    assert reverse("admin:profiling_finding_changelist") not in support


def test_a_statement_that_is_gone_leads_to_the_front_page(on_call: Client) -> None:
    for key in (1_000_000, "x"):
        answer = on_call.get(reverse(PAGE, args=[key]))
        assert answer.headers["Location"] == reverse("admin:index")
