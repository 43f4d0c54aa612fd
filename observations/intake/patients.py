"""Whose readings they are: who is known, and linked when; with what tells whether the catalogue is still the same, in one query."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from clinical_engine.common.database import array_literal, fetch_all
from clinical_engine.common.prepared import Prepared
from observations.catalogue.reading import CHANGED_AT


@dataclass(frozen=True, slots=True)
class Linked:
    """A patient, and the periods `[associated_at, dissociated_at)` in which it is linked to any submitter."""

    id: UUID
    periods: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def is_linked_at(self, time: datetime) -> bool:
        """Whether one of the periods covers the time."""
        for begin, end in self.periods:  # noqa: SIM110 - `any` takes twice as long, for every reading
            if begin <= time and (end is None or time < end):
                return True
        return False


def known_within(
    organisation_id: UUID, spans: Mapping[str, tuple[datetime, datetime]]
) -> tuple[datetime, dict[str, Linked]]:
    """When the catalogue changed last; and those of the patients, by external id, who are known.

    Each with the periods that touch its span, the first and the last time of its readings.
    """
    rows = fetch_all(
        _KNOWN,
        [
            array_literal(spans),
            array_literal(first for first, _ in spans.values()),
            array_literal(last for _, last in spans.values()),
            organisation_id,
        ],
    )
    known: dict[str, Linked] = {}
    for _, external_id, patient_id, begin, end in rows:
        if patient_id is not None:
            linked = known.setdefault(external_id, Linked(patient_id))
            if begin is not None:
                linked.periods.append((begin, end))
    return rows[0][0], known


# There is a row even where nobody is known. OFFSET 0 keeps each look-up one of its own, by index: joined as sets, tables that were
# small when it was planned would be read whole.
_KNOWN = Prepared(f"""
    SELECT catalogue.changed_at, known.external_id, known.id, known.associated_at, known.dissociated_at
    FROM (SELECT {CHANGED_AT} AS changed_at) AS catalogue
    LEFT JOIN (
        SELECT span.external_id, patient.id, association.associated_at, association.dissociated_at
        FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS span (external_id, first, last)
        CROSS JOIN LATERAL (
            SELECT id FROM patients_patient WHERE organisation_id = %s::uuid AND external_id = span.external_id OFFSET 0
        ) AS patient
        LEFT JOIN LATERAL (
            SELECT associated_at, dissociated_at FROM patients_association
            WHERE patient_id = patient.id AND associated_at <= span.last
              AND (dissociated_at IS NULL OR dissociated_at > span.first) OFFSET 0
        ) AS association ON true
    ) AS known ON true
""")  # noqa: S608 - a constant of the catalogue's
