"""Each measure against each driver, on the page of a statement and for scripts."""

import re
from datetime import timedelta
from math import sin

from django.test import Client
from django.utils import timezone

from clinical_engine.profiling import documents
from clinical_engine.profiling.admin.exponents import powers_of
from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS
from clinical_engine.profiling.durations import bucket_of, packed
from clinical_engine.profiling.growth.limits import Limits
from clinical_engine.profiling.models import CapturedStatement, DriverReading, StatementDay
from clinical_engine.staff.cells import NOTHING
from tests.admin.slow_queries.test_page import page_of
from tests.processor import within
from tests.profiling import captured

DAYS = 180
DRIVERS = ("active_patients", "measurements", "submitters")


def with_history(of: CapturedStatement, days: int = DAYS) -> None:
    """So many days: the values follow the patients, the rows the measurements, which come and go; submitters stay as they are."""
    today, ran = timezone.now().date(), captured.release()
    readings, rows = [], []
    for place in range(days):
        day = today - timedelta(days=days - 1 - place)
        patients, measurements = 10_000 * 1.01**place, 1_000_000 * (1.5 + sin(place / 20))
        read = zip(DRIVERS, (patients, measurements, 40.0), strict=True)
        readings += [DriverReading(driver=name, day=day, value=value) for name, value in read]
        costs = {"values_most": int(patients / 10), "rows": int(measurements / 1e3) * 100}
        sums = captured._SUMS | costs | {"durations": packed({bucket_of(0.01): 95, bucket_of(0.02): 5})}
        rows.append(StatementDay(statement=of, day=day, release=ran, **sums))
    DriverReading.objects.bulk_create(readings)
    StatementDay.objects.bulk_create(rows)


def test_a_page_shows_each_measure_against_each_driver_with_bounds_and_which_one_is_taken(
    on_call: Client,
) -> None:
    made = captured.growing()
    with_history(made)
    table = page_of(on_call, made).split('class="ce-powers"')[1].split("</table>")[0]
    heads = [f'<th scope="col">{name}</th>' for name in ("active patients", "measurements", "submitters")]
    assert "".join(heads) in table
    rows = {row.split("</th>")[0]: row for row in table.split('<th scope="row">')[1:]}
    assert list(rows) == ["usual duration", "p95 duration", "rows", "parameters", "values"]
    assert re.search(r'<td data-label="active patients"><strong>(0\.9|1\.0)\d</strong>', rows["values"])
    assert re.search(r'<span class="ce-muted">\(\d\.\d\d to \d\.\d\d\)</span>', rows["values"])
    assert "With active patients: no other explains it much better." in rows["values"]
    assert '<td data-label="measurements"><strong>' in rows["rows"]
    assert "With measurements: that explains it much better than active patients do." in rows["rows"]
    assert all(f'<td data-label="submitters">{NOTHING}</td>' in row for row in rows.values())
    assert "Always the same." in rows["parameters"]
    assert "Always the same." in rows["p95 duration"]
    assert "-0.00" not in table


def test_of_what_runs_seldom_the_slowest_executions_say_nothing(on_call: Client) -> None:
    made = captured.growing()
    with_history(made)
    made.days.update(calls=19)
    assert "On most days fewer than 20 executions" in page_of(on_call, made)


def test_a_page_of_too_few_days_says_why_there_is_no_table(on_call: Client) -> None:
    made = captured.growing()
    captured.days(made, 30)
    assert "10 are needed, over 120 days." in page_of(on_call, made).split('class="ce-powers"')[1]


def test_many_statements_together_have_no_power(db: None) -> None:
    others = captured.statement(fingerprint=OTHER_STATEMENTS.fingerprint)
    assert set(powers_of(others, [], Limits(1e6, "a limit"))) == {"empty"}


def test_a_page_with_all_the_days_that_are_kept_is_there_within_half_a_second(on_call: Client) -> None:
    made = captured.growing()
    with_history(made, 150)
    page_of(on_call, made)
    with within(0.5):
        page_of(on_call, made)


def test_scripts_read_the_stored_fit_of_each_measure(db: None) -> None:
    made = captured.growing()
    fit = made.verdict["fits"][0]
    made.verdict["fits"].append(fit | {"measure": "rows", "driver": "measurements", "exponent": 0.4})
    told = documents.statement_json(made, [])["fits"]
    assert [(each["measure"], each["driver"], each["exponent"]) for each in told] == [
        ("duration", "active_patients", 1.02),
        ("rows", "measurements", 0.4),
    ]
    assert (told[0]["low"], told[0]["high"]) == (0.95, 1.09)
    assert documents.statement_json(captured.statement(), [])["fits"] == []
