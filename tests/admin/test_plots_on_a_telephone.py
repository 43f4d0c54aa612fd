"""A patient's plots and tables on a telephone: what belongs together stands together, and nothing lies over anything."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from observations.admin.plots.page import PAGE
from observations.scripts.library.blood_pressure import MEAN_ARTERIAL_PRESSURE
from observations.scripts.library.body import WEIGHT_GAIN
from observations.scripts.library.installing import install_library
from patients.models import Patient
from tests.admin import world
from tests.admin.browser import browsing, log_in, serving
from tests.admin.narrow import WIDTH, boxes, cut, lie_over_each_other, on_a_telephone, overlapping
from tests.admin.plotted import NOTE, WEIGHT, active_for_ten_days, pressure, reading
from tests.observations.facts import record

PERIODS = ("week", "month", "quarter", "year", "all")


@pytest.mark.usefixtures("committed_db")
def test_names_values_times_and_numbers_of_the_plots_can_be_told_apart(work: Callable[[], int]) -> None:
    key = a_patient_with_plots(work)
    world.account("Clinical support", "sam")
    with serving() as address, browsing(address) as page:
        log_in(page, "sam", world.PASSWORD)
        on_a_telephone(page)
        alone = reverse(PAGE, args=[key])
        panel = reverse("admin:patients_patient_change", args=[key])
        two_days = f"{alone}?from={timezone.now() - timedelta(days=2):%Y-%m-%d}"
        for url in (panel, two_days, *(f"{alone}?period={name}" for name in PERIODS)):
            page.goto(url)
            look_at_the_axis(page)
            look_at_the_names(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, url
        page.goto(f"{alone}?period=month")
        look_at_the_pressure(page)
        look_at_the_table(page.get_by_role("region", name="The same as a table"))


def a_patient_with_plots(work: Callable[[], int]) -> object:
    install_library(scripts=[MEAN_ARTERIAL_PRESSURE, WEIGHT_GAIN])
    north = active_for_ten_days()
    for day in range(1, 28):
        record(north, pressure(120 + day % 20, 80, 24 * day), reading(WEIGHT, 68 + day % 3, "kg", 24 * day))
    record(north, reading(NOTE, "Slept badly, and went for a long walk in the afternoon", None, 30))
    work()
    return Patient.objects.get().pk


def look_at_the_axis(page: Page) -> None:
    times = boxes(page.locator(".ce-plot-axis text:not(.ce-axis-now)"))
    assert times, page.url
    assert overlapping(times) == [], page.url
    assert max(box["right"] for box in times) <= WIDTH, page.url


def look_at_the_names(page: Page) -> None:
    """Neither lie the lines of a plot's name over each other, nor over the numbers beside its axis."""
    for lane in page.locator(".ce-plots .ce-lane:not(.ce-axis)").all():
        said = boxes(lane.locator(".ce-plot-said > *"))
        assert overlapping(said) == [], page.url
        ticks = boxes(lane.locator(".ce-plot-tick"))
        assert not [tick for tick in ticks for one in said if lie_over_each_other(tick, one)], page.url


def look_at_the_pressure(page: Page) -> None:
    """A result's name, value and time come one after the other, below all that is said of the readings."""
    lane = page.locator(".ce-lane", has=page.get_by_text("Mean blood pressure", exact=True))
    readings, mean = lane.locator(".ce-plot-said").all()
    expect(readings).to_contain_text("121 / 80 mm[Hg]")
    expect(mean).to_contain_text("93.67 mm[Hg]")
    name, value, time = boxes(mean.locator("> *"))
    assert name["right"] < value["left"], "the value follows its name in the same line"
    assert abs(name["bottom"] - value["bottom"]) < name["bottom"] - name["top"]
    assert value["top"] < time["bottom"]
    [above], [below] = boxes(readings), boxes(mean)
    assert above["bottom"] <= below["top"]


def look_at_the_table(table: Locator) -> None:
    assert cut(table) == []
    card = table.get_by_role("row", name="Blood pressure").first
    expect(card).to_contain_text("Systolic blood pressure 121 mm[Hg], Diastolic blood pressure 80 mm[Hg]")
    labels = card.locator("td").evaluate_all(
        "cells => cells.filter(each => each.checkVisibility()).map(each => getComputedStyle(each, '::before').content)"
    )
    assert labels == ['"Measured"', '"What"', '"Value as sent"', '"State"']
