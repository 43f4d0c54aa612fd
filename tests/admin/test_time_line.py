"""A patient's associations as a drawing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.admin.timeline.panel import DRAWN, choose_span, timeline
from patients.admin.timeline.scale import Scale, scale_over
from patients.models import Association, Patient
from patients.services import activate, deactivate
from submitters.models import Submitter
from tests import factories
from tests.admin.test_pages import shown

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PAGE = "admin:patients_patient_change"


def state(submitter: Submitter, external_id: str, *times: datetime) -> None:
    """Active from the first time to the second, from the third to the fourth, and so on."""
    for count, time in enumerate(times):
        act = activate if count % 2 == 0 else deactivate
        act(
            submitter=submitter,
            statements=[factories.statement(external_id, time)],
            origin=factories.BY_IMPORT,
        )


@pytest.fixture
def north(db: None) -> Submitter:
    return factories.submitter(factories.organisation(name="North"), name="COPD at home")


def test_each_submitter_has_a_lane_with_its_periods_to_scale(
    north: Submitter, work: Callable[[], int]
) -> None:
    other = factories.submitter(north.organisation, name="Diabetes")
    now = timezone.now()
    state(north, "p", now - timedelta(days=100), now - timedelta(days=60), now - timedelta(days=20))
    state(other, "p", now - timedelta(days=80), now - timedelta(days=40))
    work()
    first, second = lanes_of(Patient.objects.get())
    assert (first.name, second.name) == ("COPD at home", "Diabetes")
    assert first.state.startswith("Active since")
    assert second.state == "Not active"
    widths = {bar.is_open: float(bar.width) for bar in first.bars}
    assert widths[False] == pytest.approx(float(second.bars[0].width), abs=0.01)
    assert widths[True] == pytest.approx(widths[False] * 24 / 40, rel=0.1)
    assert [mark.kind for mark in second.marks] == ["inactive", "active"]


def lanes_of(patient: Patient) -> list[Any]:
    lanes: Any = timeline(patient)["lanes"]
    return list(lanes)


def test_times_are_written_in_the_organisations_zone(
    support: Client, north: Submitter, work: Callable[[], int]
) -> None:
    state(north, "p", datetime(2025, 7, 1, 22, 30, tzinfo=UTC))
    work()
    page = shown(support, PAGE, Patient.objects.get().pk)
    assert "Active since 2 Jul 2025, 00:30 CEST" in page
    assert "Active from 2 Jul 2025, 00:30 CEST and still is" in page
    assert "Times of Europe/Amsterdam" in page


def test_a_drawing_says_in_words_what_it_shows_and_a_statement_that_waits_says_so(
    support: Client, north: Submitter
) -> None:
    state(north, "p", timezone.now() - timedelta(days=1))
    page = shown(support, PAGE, Patient.objects.get().pk)
    assert 'aria-label="COPD at home: Not active; 0 periods and 1 statement drawn"' in page
    assert "the associations do not show it yet" in page


def test_a_name_is_escaped_in_the_drawing(support: Client, work: Callable[[], int]) -> None:
    submitter = factories.submitter(name='<script>alert("x")</script>')
    state(submitter, "p", timezone.now() - timedelta(days=1))
    work()
    assert "<script>alert" not in shown(support, PAGE, Patient.objects.get().pk)


def test_a_patient_with_hundreds_of_periods_has_a_bounded_drawing(support: Client, north: Submitter) -> None:
    patient = factories.patient(north.organisation, "p")
    first = timezone.now() - timedelta(days=1000)
    Association.objects.bulk_create(
        Association(
            organisation=north.organisation,
            patient=patient,
            submitter=north,
            associated_at=first + timedelta(days=count),
            dissociated_at=first + timedelta(days=count, hours=12),
        )
        for count in range(300)
    )
    other = factories.submitter(north.organisation, name="Diabetes")
    Association.objects.create(
        organisation=north.organisation,
        patient=patient,
        submitter=other,
        associated_at=first - timedelta(days=1),
    )
    with CaptureQueriesContext(connection) as queries:
        lane, lasting = lanes_of(patient)
    assert len(lane.bars) + len(lasting.bars) == DRAWN
    assert lasting.state.startswith("Active since"), "what lasts is not cut off, however long ago it began"
    assert len(queries) == 3, "periods, statements, and here the organisation"
    assert "The latest 200 periods and statements are drawn" in shown(support, PAGE, patient.pk)


@pytest.mark.parametrize(
    ("span", "periods"), [("", 3), ("year", 2), ("month", 1), ("day", 1), ("century", 3)]
)
def test_a_shorter_stretch_shows_what_reaches_into_it(
    support: Client, north: Submitter, work: Callable[[], int], span: str, periods: int
) -> None:
    now = timezone.now()
    state(north, "p", *(now - timedelta(days=days) for days in (1000, 900, 100, 50, 2)))
    work()
    patient = Patient.objects.get()
    choose_span(patient, span)
    [lane] = lanes_of(patient)
    assert len(lane.bars) == periods
    page = support.get(reverse(PAGE, args=[patient.pk]), {"span": span}).content.decode()
    assert len(re.findall(r'<svg class="ce-period[ "]', page)) == periods


def test_what_lies_outside_of_a_scale_is_put_at_its_ends() -> None:
    scale = Scale(factories.NOON, factories.NOON + timedelta(days=10))
    assert scale.place(factories.NOON - timedelta(days=1)) == 0
    assert scale.place(factories.NOON + timedelta(days=5)) == 50
    assert scale.place(factories.NOON + timedelta(days=11)) == 100


@pytest.mark.parametrize(
    "length",
    [timedelta(0), *(timedelta(hours=1.7**power) for power in range(26))],
    ids=lambda length: f"{length / timedelta(hours=1):.0f} h",
)
def test_any_stretch_of_time_has_a_few_round_times_on_its_axis(length: timedelta) -> None:
    end = datetime(2026, 11, 24, 15, 7, tzinfo=UTC)
    scale = scale_over(end - length, end, end)
    places = [tick.at for tick in scale.ticks(AMSTERDAM)]
    assert 1 <= len(places) <= 8
    assert places == sorted(places)
    assert len({tick.text for tick in scale.ticks(AMSTERDAM)}) == len(places)


def test_days_on_the_axis_begin_at_midnight_when_the_clocks_change() -> None:
    begins = datetime(2026, 3, 27, 12, tzinfo=AMSTERDAM)
    ticks = Scale(begins, begins + timedelta(days=3)).ticks(AMSTERDAM)
    midnights = [tick for tick in ticks if tick.text.endswith("00:00")]
    assert [tick.text for tick in midnights] == ["28 Mar, 00:00", "29 Mar, 00:00", "30 Mar, 00:00"]
    assert midnights[2].at - midnights[1].at < midnights[1].at - midnights[0].at, "a day of 23 hours"
