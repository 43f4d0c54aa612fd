"""How things stand with an unresolved conflict, in sentences: what became of the first, and what would of the second."""

from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import identifier, moment, page_of
from observations.admin.corrections import corrections_of
from observations.intake.prospects import Prospect
from observations.models import Correction, CorrectionKind, Measurement, MeasurementConflict

Sentence = str | SafeString


def outlook_of(conflict: MeasurementConflict, prospect: Prospect | None) -> list[Sentence]:
    """What a person should know before deciding; nothing of a conflict that is resolved, which has no prospect. A few queries."""
    return [] if prospect is None else [*_of_first(conflict), *_of_second(conflict, prospect)]


def _of_first(conflict: MeasurementConflict) -> Iterator[Sentence]:
    said = corrections_of(conflict.measurement).select_related("api_client", "actor").order_by("pk")
    for correction in said:
        yield format_html(
            "The first was {} ({}, {}): it counts no longer.",
            _what_happened(correction, conflict),
            correction.actor or correction.api_client or "an import",
            moment(correction.received_at, conflict.organisation.zone),
        )


def _what_happened(correction: Correction, conflict: MeasurementConflict) -> SafeString:
    if correction.kind == CorrectionKind.ENTERED_IN_ERROR:
        return format_html("entered in error, “{}”", correction.reason)
    name = correction.replacement_client_id
    row = Measurement.objects.filter(organisation=conflict.organisation_id, client_id=name).first()
    page = page_of("admin:observations_measurement_change", row.pk, name) if row else identifier(name)
    return format_html("replaced by {}", page)


def _of_second(conflict: MeasurementConflict, prospect: Prospect) -> Iterator[Sentence]:
    for obstacle in prospect.obstacles:
        yield f"The second cannot be taken. {obstacle}"
    if prospect.is_implausible:
        counts = "It would be flagged" if prospect.is_held else "It would count, and be flagged"
        yield f"The second is implausible: it lies outside the range that the catalogue has for it. {counts}."
    if prospect.is_held:
        yield f"The second would be held, since no association of {conflict.external_id} covers its time: it counts once one does."
