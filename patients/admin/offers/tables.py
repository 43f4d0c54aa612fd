"""Statements and associations as rows of a panel's table."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from clinical_engine.staff.cells import moment, page_of
from patients.admin import associations, statements
from patients.models import Association, Statement

SHOWN = 20
STATEMENT_HEADERS = ("Said", "Effective", "Submitter", "Source", "Received", "State")
ASSOCIATION_HEADERS = ("Submitter", "From", "Until", "State")


def statement_rows(rows: Iterable[Statement]) -> Iterator[tuple[object, ...]]:
    """The cells of statements whose patient, organisation and submitter are loaded."""
    for row in rows:
        zone = row.patient.organisation.zone
        yield (
            page_of("admin:patients_statement_change", row.pk, row.get_kind_display()),
            moment(row.effective_at, zone),
            row.submitter.name,
            row.get_source_display(),
            moment(row.received_at, zone),
            statements.state_of(row),
        )


def association_row(row: Association, zone: ZoneInfo) -> tuple[object, ...]:
    """The cells of an association whose submitter is loaded."""
    return (
        page_of("admin:submitters_submitter_change", row.submitter_id, row.submitter.name),
        moment(row.associated_at, zone),
        moment(row.dissociated_at, zone),
        associations.state_of(row),
    )
