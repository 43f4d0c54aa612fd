"""The page of its own, and the panel on the patient's page that leads to it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import Tone, badge, list_url, moment, page_of
from observations.admin.cells import measured
from observations.admin.plots.drawing import FEW, MANY, Drawing, draw
from observations.admin.plots.marks import State, canonical_words, state_of
from observations.admin.plots.periods import ALL, PERIODS, Choice, choice_of
from patients.models import Patient

PERMISSION = "observations.view_measurement"
PAGE = "patient_plots"
# In the table below the drawing: the list of measurements has pages for more.
_ROWS = 200
_LIST = "admin:observations_measurement_changelist"
_TONES = {State.COUNTED: Tone.GOOD, State.HELD: Tone.WAITING, State.CORRECTED: Tone.PLAIN}


def plots_page(request: HttpRequest, object_id: str) -> HttpResponse:
    """A patient's measurements over the period of `?period=`, or of `?from=` and `?to=`; 403 without the permissions."""
    patients = site.get_model_admin(Patient)
    assert isinstance(patients, StaffModelAdmin)  # noqa: S101 - every one of ours is
    if not (request.user.has_perm(PERMISSION) and patients.has_view_permission(request)):
        raise PermissionDenied
    patient = patients.get_object(request, object_id)
    if patient is None:
        return patients.not_there(request, object_id)
    choice = choice_of(request.GET.dict())
    drawing = draw(patient, choice, MANY)
    context = {
        **site.each_context(request),
        "title": f"Measurements: {patient.external_id}",
        "patient": patient,
        "choice": choice,
        "drawing": drawing,
        "periods": _periods(drawing, choice),
        "other": _address(replace(choice, superseded=not choice.superseded)),
        "table": None if drawing is None else _table(drawing),
        "list": list_url(_LIST, patient__id__exact=patient.pk),
        "opts": Patient._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/observations/plots_page.html", context)


def _panel(patient: Patient) -> Mapping[str, object]:
    drawing = draw(patient, Choice(), FEW)
    more = (reverse(PAGE, args=[patient.pk]), "Larger, other periods, as a table")
    return {"drawing": drawing, "more": more if drawing else None}


PLOTS = panels.Panel("Measurements", PERMISSION, _panel, "admin/observations/plots_panel.html", position=7)


def _periods(drawing: Drawing | None, choice: Choice) -> Sequence[tuple[str, str, bool]]:
    """Links: text, address, and whether it is what is shown."""
    if drawing is None:
        return []
    links = [
        (title, _address(Choice(name, superseded=choice.superseded)), name == drawing.period)
        for name, (title, _) in PERIODS.items()
    ]
    return links if drawing.period == ALL else [*links, *_neighbours(drawing, choice)]


def _neighbours(drawing: Drawing, choice: Choice) -> Sequence[tuple[str, str, bool]]:
    """As many days before and after."""
    zone = drawing.time_zone
    first = choice.first or drawing.scale.begins.astimezone(zone).date()
    last = choice.last or drawing.scale.ends.astimezone(zone).date()
    days = last - first + timedelta(days=1)
    before, after = (
        _address(replace(choice, first=begin, last=end))
        for begin, end in (
            (first - days, first - timedelta(days=1)),
            (last + timedelta(days=1), last + days),
        )
    )
    earlier, later = ("← Earlier", before, False), ("Later →", after, False)
    # Nothing has been measured after now.
    return [earlier, later] if drawing.scale.ends < timezone.now() else [earlier]


def _address(choice: Choice) -> str:
    """What `choice_of` makes the choice of."""
    days = {"from": choice.first, "to": choice.last}
    asked = {name: day.isoformat() for name, day in days.items() if day}
    if choice.name and not asked:
        asked["period"] = choice.name
    if choice.superseded:
        asked["superseded"] = "1"
    return f"?{urlencode(asked)}"


def _table(drawing: Drawing) -> Mapping[str, object]:
    zone, codes = drawing.time_zone, drawing.codes
    newest = list(reversed(drawing.rows))[:_ROWS]
    table = panels.table(
        ["Measured", "What", "Value as sent", "In the unit of the plot", "State"],
        (
            (
                page_of("admin:observations_measurement_change", row.pk, moment(row.measured_at, zone)),
                codes.by_id[row.code_id].display,
                measured(row, codes),
                canonical_words(row, codes),
                _state(row),
            )
            for row in newest
        ),
        empty="None in this stretch of time.",
    )
    table["note"] = _note(len(newest), drawing)
    return table


def _note(listed: int, drawing: Drawing) -> str:
    drawn = len(drawing.rows)
    said = f"The newest {listed} of the {drawn:,} readings that are drawn." if listed < drawn else ""
    if undrawn := sum(plot.undrawn for plot in drawing.plots):
        said += f" Without the {undrawn:,} that are not drawn."
    return said.strip()


def _state(row: Any) -> SafeString:  # noqa: ANN401 - a row of `readings_of`
    state = state_of(row)
    said = row.get_status_display() if state == State.CORRECTED else state.capitalize()
    words = [badge(said, _TONES[state])]
    if row.is_implausible:
        words.append(badge("Implausible", Tone.BAD))
    return format_html_join(" ", "{}", ((word,) for word in words))
