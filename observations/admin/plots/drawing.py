"""The whole drawing of a patient: associations as bars, below them the plots, all on one axis of time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils import timezone

from clinical_engine.staff.cells import moment_text
from observations.admin.plots.marks import Frame
from observations.admin.plots.periods import PERIODS, Choice, automatic, scale_for
from observations.admin.plots.plots import Plot, plots_of
from observations.admin.plots.reading import Bounds, History, histories_of, readings_of
from observations.admin.plots.results import results_of
from observations.admin.plots.times import Time, times_of
from observations.catalogue import Catalogue, catalogue
from patients.admin.timeline.lanes import Lane, lanes_of
from patients.admin.timeline.panel import DRAWN
from patients.admin.timeline.scale import Scale
from patients.models import Patient

# Beside other panels, and on a page of its own.
FEW = Bounds(plots=8, columns=120, all_columns=480, readings=1_500)
MANY = Bounds(plots=60, columns=300, all_columns=1_800, readings=4_000)


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that a template needs. Places are per cent of the width, as text."""

    lanes: Sequence[Lane]
    plots: Sequence[Plot]
    ticks: Sequence[Time]
    now: str
    """'' where it lies outside."""
    period: str
    """The name of the period that was chosen, '' for days."""
    title: str
    time_zone: ZoneInfo
    scale: Scale
    silent: Sequence[str]
    """The codes of which there are readings at other times only, with their newest."""
    left_out: int
    """How many codes have readings in this stretch of time, and no plot."""
    results_left_out: int
    """The same of the outputs of scripts."""
    rows: Sequence[Any]
    codes: Catalogue

    @property
    def has_results(self) -> bool:
        """Whether anything computed is drawn."""
        return any(plot.results for plot in self.plots)

    @property
    def has_ranges(self) -> bool:
        """Whether any reading has several values on one axis."""
        return any(plot.has_axis and plot.is_range for plot in self.plots)


def draw(patient: Patient, choice: Choice, bounds: Bounds) -> Drawing | None:
    """What is drawn of a patient: a few queries, whatever there is. None without any measurement."""
    histories = histories_of(patient.pk)
    if not histories:
        return None
    now, zone = timezone.now(), patient.organisation.zone
    oldest, newest = min(each.oldest for each in histories), max(each.newest for each in histories)
    if not choice.is_by_days:
        choice = replace(choice, name=choice.name or automatic(newest, now))
    scale = scale_for(choice, oldest, newest, now, zone)
    codes = catalogue()
    within = _within(histories, scale)
    chosen, left_out = within[: bounds.plots], within[bounds.plots :]
    rows = readings_of(patient.pk, chosen, scale, bounds)
    results = results_of(patient.pk, scale, bounds, superseded=choice.superseded)
    # What has no room is not what there is nothing of.
    shown = {row.code_id for row in rows} | set(left_out)
    return Drawing(
        lanes=lanes_of(associations_of(patient, scale), [], scale, zone),
        plots=plots_of(rows, results[: bounds.plots], Frame(codes, scale, zone, patient.pk)),
        ticks=times_of(scale, zone),
        now=f"{scale.place(now):.2f}" if scale.begins <= now <= scale.ends else "",
        period=choice.name,
        title=_title(choice),
        time_zone=zone,
        scale=scale,
        silent=_silent([each for each in histories if each.code_id not in shown], codes, zone),
        left_out=len(left_out),
        results_left_out=len(results[bounds.plots :]),
        rows=rows,
        codes=codes,
    )


def _within(histories: Sequence[History], scale: Scale) -> list[int]:
    """The codes that may have readings within, those measured last first."""
    found = [each for each in histories if each.newest >= scale.begins and each.oldest <= scale.ends]
    return [each.code_id for each in sorted(found, key=lambda each: each.newest, reverse=True)]


def _silent(histories: Sequence[History], codes: Catalogue, zone: ZoneInfo) -> list[str]:
    return sorted(
        f"{codes.by_id[each.code_id].display} (last {moment_text(each.newest, zone)})" for each in histories
    )


def associations_of(patient: Patient, scale: Scale) -> Sequence[Any]:
    """The associations that reach into the scale, with their submitters, as many as are drawn; those that last first."""
    rows = patient.associations.select_related("submitter").filter(
        Q(dissociated_at=None) | Q(dissociated_at__gt=scale.begins), associated_at__lte=scale.ends
    )
    # What lasts comes first, however long ago it began: cut off, nothing would show that readings count.
    return list(rows.order_by(F("dissociated_at").desc(nulls_first=True), "submitter_id")[:DRAWN])


def _title(choice: Choice) -> str:
    if not choice.is_by_days:
        return PERIODS[choice.name][0]
    days = [(word, day) for word, day in (("from", choice.first), ("to", choice.last)) if day]
    text = " ".join(f"{word} {day:%-d %b %Y}" for word, day in days)
    return text[:1].upper() + text[1:]
