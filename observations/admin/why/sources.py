"""The measurements, results and facts that an input was read from, as links."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import moment, page_of
from observations.admin.cells import computed, measured
from observations.catalogue import Catalogue
from observations.computing.explaining import ReadInput, Sources
from observations.models import Measurement, Observation
from patients.models import PatientFact

_SHOWN = 10
"""Of each input; what has more is shown by the newest, and all of it on the result's own page."""


class ShownSources:
    """The rows that are shown of all inputs, read in three queries at most."""

    def __init__(self, inputs: Iterable[ReadInput], codes: Catalogue, zone: ZoneInfo) -> None:
        self._codes = codes
        self._zone = zone
        shown = [_newest(one.sources) for one in inputs]
        measurements = Measurement.objects.select_related("code")
        results = Observation.objects.select_related("code", "script_version")
        self._rows: Mapping[UUID, Any] = {
            **measurements.in_bulk(_all(one.measurements for one in shown)),
            **results.in_bulk(_all(one.observations for one in shown)),
            **PatientFact.objects.in_bulk(_all(one.facts for one in shown)),
        }

    def cell(self, sources: Sources) -> SafeString:
        """Each in a line, with a link; and how many more there are."""
        shown = _newest(sources)
        lines = [
            *(self._line(key, self._measured) for key in shown.measurements),
            *(self._line(key, self._computed) for key in shown.observations),
            *(self._line(key, self._stated) for key in shown.facts),
        ]
        more = sum(map(len, sources)) - len(lines)
        if more:
            lines.insert(0, format_html("{} earlier ones, and", more))
        return format_html_join("", '<div class="ce-why-source">{}</div>', ((line,) for line in lines))

    def _line(self, key: UUID, show: Callable[[Any], SafeString]) -> SafeString:
        return show(self._rows[key])

    def _measured(self, row: Measurement) -> SafeString:
        link = page_of("admin:observations_measurement_change", row.pk, moment(row.measured_at, self._zone))
        standing = "" if row.status == "final" else f" ({row.get_status_display().lower()} since)"
        return format_html("{} {}: {}{}", link, row.code.display, measured(row, self._codes), standing)

    def _computed(self, row: Observation) -> SafeString:
        link = page_of("admin:observations_observation_change", row.pk, moment(row.as_of, self._zone))
        standing = "" if row.superseded_at is None else " (superseded since)"
        return format_html("{} {}: {}{}", link, row.code.display, computed(row), standing)

    def _stated(self, row: PatientFact) -> SafeString:
        since = moment(row.effective_from, self._zone)
        link = page_of("admin:patients_patientfact_change", row.pk, since)
        return format_html("{} {}: {}", link, row.get_name_display(), row.value)


def _newest(sources: Sources) -> Sources:
    return Sources(*(ids[-_SHOWN:] for ids in sources))


def _all(each: Iterable[Sequence[UUID]]) -> set[UUID]:
    return {key for ids in each for key in ids}
