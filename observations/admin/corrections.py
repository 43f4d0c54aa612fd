"""What takes a measurement back, what it takes back itself, and the conflicts about it: on its page."""

from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.cells import NOTHING, Tone, badge, identifier, moment, page_of
from observations.admin.cells import measured
from observations.catalogue import catalogue
from observations.models import Correction, CorrectionKind, Measurement, MeasurementConflict

_PAGE = "admin:observations_measurement_change"
_SHOWN = 20


def corrections_of(measurement: Measurement) -> QuerySet[Correction]:
    """What was accepted that takes the measurement back, whether it has taken effect yet or not."""
    return Correction.objects.filter(
        organisation=measurement.organisation_id, target_client_id=measurement.client_id
    )


def is_entered_in_error(measurement: Measurement) -> bool:
    """Whether somebody has said so; it may not have taken effect yet."""
    return corrections_of(measurement).filter(kind=CorrectionKind.ENTERED_IN_ERROR).exists()


def corrections_panel(measurement: Measurement) -> Mapping[str, object]:
    """The context of the panel; two queries."""
    said = list(corrections_of(measurement).select_related("api_client", "actor").order_by("pk"))
    pages = _pages(measurement, said)
    rows = [_row(correction, pages, measurement) for correction in said]
    if measurement.replaces:
        rows.insert(0, ("Replaces", pages(measurement.replaces), "", "", NOTHING, NOTHING, ""))
    headers = ("What", "Measurement", "Why", "By whom", "When", "Took effect", "Job")
    return panels.table(headers, rows, empty="It replaces no other, and nothing has taken it back.")


def _row(correction: Correction, pages: "_Pages", measurement: Measurement) -> tuple[object, ...]:
    zone = measurement.organisation.zone
    is_replaced = correction.kind == CorrectionKind.REPLACED
    return (
        "Replaced by" if is_replaced else "Entered in error",
        pages(correction.replacement_client_id) if is_replaced else "",
        correction.reason,
        str(correction.actor or correction.api_client or "an import"),
        moment(correction.received_at, zone),
        "not yet" if correction.applied_at is None else moment(correction.applied_at, zone),
        page_of("admin:jobs_job_change", correction.job_id, "Job"),
    )


class _Pages:
    """Links to measurements by the ids that their senders gave them; the id alone of one that has not come in."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._known = known

    def __call__(self, client_id: str) -> SafeString:
        key = self._known.get(client_id)
        return identifier(client_id) if key is None else page_of(_PAGE, key, client_id)


def _pages(measurement: Measurement, said: list[Correction]) -> _Pages:
    names = {measurement.replaces, *(correction.replacement_client_id for correction in said)} - {""}
    found = Measurement.objects.filter(organisation=measurement.organisation_id, client_id__in=names)
    return _Pages(dict(found.values_list("client_id", "pk")))


def conflicts_panel(measurement: Measurement) -> Mapping[str, object]:
    """What came in under the same client id with other content; three queries."""
    codes = catalogue()
    rows = MeasurementConflict.objects.filter(measurement=measurement).select_related("code").order_by("-pk")
    zone = measurement.organisation.zone
    return panels.table(
        ("Came in", "What", "Measured", "State"),
        (
            (
                page_of(
                    "admin:observations_measurementconflict_change", row.pk, moment(row.received_at, zone)
                ),
                f"{row.external_id}: {row.code.display} {measured(row, codes)}",
                moment(row.measured_at, zone),
                state_of_conflict(row),
            )
            for row in rows[:_SHOWN]
        ),
        empty="None.",
    )


def state_of_conflict(conflict: MeasurementConflict) -> SafeString:
    """Unresolved, or how it was resolved."""
    if conflict.resolved_at is None:
        return badge("Unresolved", Tone.BAD)
    return badge(conflict.get_resolution_display(), Tone.GOOD)
