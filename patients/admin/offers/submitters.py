"""The list of submitters, and the page of each."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from clinical_engine.staff import extensions, panels
from clinical_engine.staff.cells import NOTHING, list_url, moment, moment_text, page_of
from clinical_engine.staff.expressions import BoundedCount, bounded
from patients import selectors
from patients.admin.rosters import cells
from patients.admin.rosters.filters import SubmitterDriftFilter
from patients.models import Association, Roster, Statement
from patients.rosters.selectors import last_rosters
from submitters.models import Submitter

_SHOWN = 10
# More than a programme has; counted in the index alone.
_MOST_COUNTED = 1_000_000
_HEADERS = ("As of", "State", "Dry run", "Lines", "In order", "Missing here", "Extra here")


def _numbers(submitter: Submitter) -> Mapping[str, object]:
    """Four queries: three counts, and the last list."""
    last = Roster.objects.filter(submitter=submitter, is_last=True).first()
    waiting = Statement.objects.filter(submitter=submitter, fulfilled_at=None)
    overdue = selectors.overdue_statements().filter(submitter=submitter)
    return {
        "facts": [
            (
                "Active patients",
                _counted(Association.objects.filter(submitter=submitter, dissociated_at=None)),
                list_url("admin:patients_patient_changelist", submitter=submitter.pk),
            ),
            ("Statements waiting", _counted(waiting), _statements(submitter, "unfulfilled")),
            ("Of these overdue", _counted(overdue), _statements(submitter, "overdue")),
            ("Drift", *_drift(last)),
        ],
        "note": _about(submitter, last),
    }


def _counted(rows: QuerySet[Any]) -> str:
    # By a column that stands in the indexes: the key does not, and each row would have to be fetched for it.
    number = rows.order_by().values("submitter_id")[: _MOST_COUNTED + 1].count()
    return f"{number:,}" if number <= _MOST_COUNTED else f"over {_MOST_COUNTED:,}"


def _statements(submitter: Submitter, state: str) -> str:
    return list_url("admin:patients_statement_changelist", submitter__id__exact=submitter.pk, state=state)


def _drift(last: Roster | None) -> tuple[str, str]:
    if last is None or last.drift is None:
        return NOTHING, ""
    return f"{last.drift:,}", reverse("admin:patients_roster_drifting", args=[last.pk]) if last.drift else ""


def _about(submitter: Submitter, last: Roster | None) -> str:
    if last is None:
        return "No list of the vitals app has been applied: nobody knows whether patients are missing here."
    as_of = moment_text(last.as_of, submitter.organisation.zone)
    if last.drift_compared_at is None:
        return f"Drift is how many are active by the vitals app's last list, as of {as_of}, and not linked. Not compared yet."
    return (
        f"Drift is how many are active by the vitals app's last list, as of {as_of}, and not linked. Compared last"
        f" {moment_text(last.drift_compared_at)}."
    )


def _rosters(submitter: Submitter) -> Mapping[str, object]:
    zone = submitter.organisation.zone
    rows = (
        (
            page_of("admin:patients_roster_change", row.pk, moment(row.as_of, zone)),
            cells.roster_badge(row),
            cells.dry_run_text(row),
            f"{row.lines:,}",
            cells.compared(row, row.in_order),
            cells.compared(row, row.missing),
            cells.compared(row, row.extra),
        )
        for row in last_rosters(submitter)[:_SHOWN]
    )
    return panels.table(
        _HEADERS,
        rows,
        empty="No list has arrived.",
        more=(
            list_url("admin:patients_roster_changelist", submitter__id__exact=submitter.pk),
            "All rosters",
        ),
    )


def _columns() -> Iterator[extensions.Column]:
    yield extensions.Column("active_patients", "active patients", _active_patients, bounded)
    yield extensions.Column("waiting_statements", "statements waiting", _waiting_statements, bounded)
    yield extensions.Column("overdue_statements", "of these overdue", _overdue_statements, bounded)
    yield extensions.Column("drift_of_last_roster", "drift", _drift_of_last_roster, _shown_drift)


def _active_patients() -> BoundedCount:
    return BoundedCount(Association.objects.filter(submitter=OuterRef("pk"), dissociated_at=None))


def _waiting_statements() -> BoundedCount:
    return BoundedCount(Statement.objects.filter(submitter=OuterRef("pk"), fulfilled_at=None))


def _overdue_statements() -> BoundedCount:
    return BoundedCount(selectors.overdue_statements().filter(submitter=OuterRef("pk")))


def _drift_of_last_roster() -> Subquery:
    return Subquery(Roster.objects.filter(submitter=OuterRef("pk"), is_last=True).values("drift"))


def _shown_drift(drift: int | None) -> str:
    return NOTHING if drift is None else cells.drift_text(drift)


def offer() -> None:
    """Register the columns and the filter of the list of submitters, and the panels of a submitter's page."""
    extensions.add_columns("submitters.submitter", *_columns())
    extensions.add_filters("submitters.submitter", SubmitterDriftFilter)
    panels.register(
        "submitters.submitter",
        panels.Panel(
            "Patients", "patients.view_association", _numbers, "admin/patients/submitter.html", position=10
        ),
        panels.Panel("Last rosters", "patients.view_roster", _rosters, position=20),
    )
