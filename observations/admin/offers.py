"""What the admin's pages show of measurements and observations: on a patient's page, and on each other's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q
from django.utils.safestring import SafeString

from clinical_engine.jobs.states import Outcome
from clinical_engine.staff import dashboard, extensions, links, panels
from clinical_engine.staff.cells import Tone, badge, list_url, moment, page_of
from clinical_engine.staff.expressions import BoundedCount, bounded
from observations import selectors
from observations.admin import held, measurement_offers, refusals
from observations.admin.backfills import panels as backfills
from observations.admin.catalogue import offers as catalogue
from observations.admin.cells import computed, measured
from observations.admin.imports import panels as imports
from observations.admin.patient_conflicts import has_waiting, waiting_panel
from observations.admin.plots.page import PLOTS
from observations.admin.retracting import using
from observations.admin.scripts import offers as scripts
from observations.catalogue import Catalogue, reading
from observations.models import Measurement, Observation
from observations.recompute import RECOMPUTE
from patients.models import Patient

_SHOWN = 10
_SHOWN_SOURCES = 500
_MEASUREMENTS = "admin:observations_measurement_changelist"
_OBSERVATIONS = "admin:observations_observation_changelist"


def _observations(patient: Patient) -> Mapping[str, object]:
    current = selectors.observations_for([patient.organisation_id], patient.pk).filter(superseded_at=None)
    return panels.table(
        ["Observation", "Value", "As of", "Computed from"],
        (
            (
                _page(row, row.code.display),
                computed(row),
                moment(row.as_of, patient.organisation.zone),
                _page(row, f"{len(row.derived_from)} measurement{'s' * (len(row.derived_from) != 1)}"),
            )
            for row in current.order_by("-as_of", "script_id")[:_SHOWN]
        ),
        empty="Nothing computed yet.",
        more=(
            list_url(_OBSERVATIONS, patient__id__exact=patient.pk, state="current"),
            "All current observations",
        ),
    )


def _held(patient: Patient) -> Mapping[str, object]:
    codes = reading.catalogue()
    rows = held.with_reasons(selectors.held_measurements_of(patient).select_related("code"))
    return panels.table(
        ["Measured", "What", "Value", "State", "Held for", "Why"],
        (
            (*_reading(row, patient, codes), held.state(row), held.held_for(row), held.reason(row))
            for row in rows[:_SHOWN]
        ),
        empty="None is held.",
        more=(list_url(_MEASUREMENTS, patient__id__exact=patient.pk, state="held"), "All held ones"),
    )


def _latest(patient: Patient) -> Mapping[str, object]:
    codes = reading.catalogue()
    rows = selectors.measurements_for([patient.organisation_id], patient.pk).order_by("-measured_at", "-pk")
    return panels.table(
        ["Measured", "What", "Value", "State"],
        ((*_reading(row, patient, codes), held.state(row)) for row in held.with_reasons(rows)[:_SHOWN]),
        empty="No measurement yet.",
        more=(list_url(_MEASUREMENTS, patient__id__exact=patient.pk), "All measurements"),
    )


def _reading(row: Measurement, patient: Patient, codes: Catalogue) -> tuple[object, ...]:
    time = page_of(
        "admin:observations_measurement_change", row.pk, moment(row.measured_at, patient.organisation.zone)
    )
    return time, row.code.display, measured(row, codes)


def _sources(observation: Observation) -> Mapping[str, object]:
    rows = (
        held.with_reasons(Measurement.objects.filter(pk__in=observation.derived_from[:_SHOWN_SOURCES]))
        .select_related("code")
        .order_by("measured_at", "client_id")
    )
    table = panels.table(
        ["Measured", "What", "Value", "State"], _source_rows(observation, rows), empty="Nothing."
    )
    if len(observation.derived_from) > _SHOWN_SOURCES:
        table["note"] = f"The first {_SHOWN_SOURCES} of {len(observation.derived_from)} measurements."
    return table


def _source_rows(observation: Observation, rows: Iterable[Measurement]) -> Iterator[tuple[object, ...]]:
    zone, codes = observation.organisation.zone, reading.catalogue()
    for row in rows:
        time = page_of("admin:observations_measurement_change", row.pk, moment(row.measured_at, zone))
        yield time, row.code.display, measured(row, codes), held.state(row)


def _used_by(measurement: Measurement) -> Mapping[str, object]:
    rows = using(measurement).select_related("code", "script_version")[:_SHOWN]
    zone = measurement.organisation.zone
    return panels.table(
        ["Observation", "Value", "As of"],
        ((_page(row, row.code.display), computed(row), moment(row.as_of, zone)) for row in rows),
        empty="No current observation was computed from it.",
    ) | {"note": f"The first {_SHOWN} as of its time and later."}


def _written_by(job: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row of the ledger, whose class is private to it
    tries = job.attempts.filter(outcome__in=[Outcome.SUCCEEDED, Outcome.CONTINUES]).order_by("-number")
    written = Q(pk__in=[])
    for began, ended in tries.values_list("started_at", "ended_at")[:_SHOWN]:
        written |= Q(computed_at__gte=began, computed_at__lte=ended)
    rows = Observation.objects.filter(written, patient=job.patient_id).select_related(
        "code", "script_version", "patient__organisation"
    )
    return panels.table(
        ["Observation", "Value", "As of", "State"],
        (
            (
                _page(row, row.code.display),
                computed(row),
                moment(row.as_of, row.patient.organisation.zone),
                badge("Current", Tone.GOOD) if row.superseded_at is None else badge("Superseded"),
            )
            for row in rows.order_by("-as_of", "script_id")[:_SHOWN]
        ),
        empty="None: nothing had changed, nothing could be computed, or it has not succeeded yet.",
    ) | {"note": f"Written while its last {_SHOWN} successful attempts ran; the last {_SHOWN} are shown."}


def _is_recompute(job: Any) -> bool:  # noqa: ANN401 - as above
    return bool(job.kind == RECOMPUTE.name and job.patient_id)


def _page(observation: Observation, text: object) -> SafeString:
    return page_of("admin:observations_observation_change", observation.pk, text)


def _held_count() -> BoundedCount:
    return BoundedCount(held.held_of_patient())


def _shown_count(number: int) -> str | SafeString:
    return "0" if number == 0 else badge(bounded(number), Tone.WAITING)


def offer() -> None:
    """Register the panels, columns, filters, link targets and tiles of this app."""
    _offer_panels()
    _offer_lists()
    _offer_tiles()
    measurement_offers.offer()
    catalogue.offer()
    refusals.offer()
    imports.offer()
    scripts.offer()
    backfills.offer()


def _offer_panels() -> None:
    panels.register(
        "patients.patient",
        PLOTS,
        panels.Panel(
            "Current observations", "observations.view_observation", _observations, panels.CARDS, 30
        ),
        panels.Panel("Held measurements", "observations.view_measurement", _held, panels.CARDS, 40),
        panels.Panel(
            "Conflicts that wait",
            "observations.view_measurementconflict",
            waiting_panel,
            position=45,
            applies=has_waiting,
        ),
        panels.Panel("Latest measurements", "observations.view_measurement", _latest, panels.CARDS, 50),
    )
    panels.register(
        "jobs.job",
        panels.Panel(
            "What it computed",
            "observations.view_observation",
            _written_by,
            position=20,
            applies=_is_recompute,
        ),
    )
    panels.register(
        "observations.observation", panels.Panel("Computed from", "observations.view_measurement", _sources)
    )
    panels.register(
        "observations.measurement", panels.Panel("Used by", "observations.view_observation", _used_by)
    )


def _offer_lists() -> None:
    extensions.add_columns(
        "patients.patient", extensions.Column("held_measurements", "held", _held_count, _shown_count)
    )
    extensions.add_filters("patients.patient", held.HasHeldFilter)
    links.register(
        "script_version",
        links.Target("admin:observations_scriptversion_change", "observations.view_scriptversion"),
    )


def _offer_tiles() -> None:
    may_see = "observations.view_measurement"
    dashboard.register(
        dashboard.Tile(
            "measurements_overdue",
            "Measurements held past due",
            "No measurement waits for its link for too long.",
            20,
            _MEASUREMENTS,
            {"state": "overdue"},
            may_see,
        ),
        dashboard.Tile(
            "measurements_outside_period",
            "Outside every period",
            "Measured when nobody was stated active: nothing to do unless it grows.",
            50,
            _MEASUREMENTS,
            {"state": "outside"},
            may_see,
        ),
    )
