"""What the admin's other pages show of patients, and what the patient's page shows of jobs."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef

from clinical_engine.jobs import selectors as jobs
from clinical_engine.jobs.admin.cells import JOB_HEADERS, job_cells
from clinical_engine.staff import dashboard, extensions, links, panels
from clinical_engine.staff.cells import list_url, moment, page_of
from clinical_engine.staff.expressions import BoundedCount, bounded
from patients import selectors
from patients.admin import associations, statements
from patients.admin.search import patient_ids
from patients.jobs import ASSOCIATE
from patients.models import Association, Patient, Statement

_SHOWN = 20
_SHOWN_JOBS = 10


def _associations(patient: Patient) -> Mapping[str, object]:
    zone = patient.organisation.zone
    return panels.table(
        ["Submitter", "From", "Until", "State"],
        (_shown_association(row, zone) for row in selectors.associations_of(patient)[:_SHOWN]),
        empty="Never linked to a submitter.",
        more=(
            list_url("admin:patients_association_changelist", patient__id__exact=patient.pk),
            "All associations",
        ),
    )


def _statements(patient: Patient) -> Mapping[str, object]:
    return panels.table(
        ["Said", "Effective", "Submitter", "Source", "Received", "State"],
        _shown_statements(
            patient.statements.select_related("submitter").order_by("-effective_at", "-pk")[:_SHOWN]
        ),
        empty="Nobody has stated the patient active or inactive.",
        more=(
            list_url("admin:patients_statement_changelist", patient__id__exact=patient.pk),
            "All statements",
        ),
    )


def _shown_statements(rows: Iterable[Statement]) -> Iterator[tuple[object, ...]]:
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


def _shown_association(row: Association, zone: ZoneInfo) -> tuple[object, ...]:
    return (
        page_of("admin:submitters_submitter_change", row.submitter_id, row.submitter.name),
        moment(row.associated_at, zone),
        moment(row.dissociated_at, zone),
        associations.state_of(row),
    )


def _jobs(patient: Patient) -> Mapping[str, object]:
    return panels.table(
        JOB_HEADERS,
        (job_cells(job) for job in jobs.jobs().filter(patient_id=patient.pk).order_by("-pk")[:_SHOWN_JOBS]),
        empty="No job yet.",
        more=(
            list_url("admin:jobs_job_changelist", patient_id__exact=patient.pk, state="all"),
            "All jobs",
        ),
    )


def _fulfilled(job: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row of the ledger, whose class is private to it
    # By patient first: that has an index, and a patient has few statements.
    rows = Statement.objects.filter(patient=job.patient_id, job_id=job.pk).order_by("effective_at", "pk")
    return panels.table(
        ["Said", "Effective", "Submitter", "Source", "Received", "State"],
        _shown_statements(rows.select_related("submitter", "patient__organisation")[:_SHOWN]),
        empty="No statement names this job.",
    )


def _associations_of_pair(job: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
    rows = Association.objects.filter(patient=job.patient_id, submitter=job.submitter_id)
    return panels.table(
        ["Submitter", "From", "Until", "State"],
        (
            _shown_association(row, row.patient.organisation.zone)
            for row in rows.select_related("submitter", "patient__organisation").order_by("-associated_at")[
                :_SHOWN
            ]
        ),
        empty="None: what it was to do is not done, or was undone by a later statement.",
    )


def _is_associate(job: Any) -> bool:  # noqa: ANN401 - as above
    return bool(job.kind == ASSOCIATE.name and job.patient_id)


def _external_ids(ids: Collection[UUID]) -> Mapping[UUID, str]:
    return dict(Patient.objects.filter(pk__in=ids).values_list("pk", "external_id"))


def _active_patients() -> BoundedCount:
    return BoundedCount(Association.objects.filter(submitter=OuterRef("pk"), dissociated_at=None))


def _waiting_statements() -> BoundedCount:
    return BoundedCount(Statement.objects.filter(submitter=OuterRef("pk"), fulfilled_at=None))


def _overdue_statements() -> BoundedCount:
    return BoundedCount(selectors.overdue_statements().filter(submitter=OuterRef("pk")))


def offer() -> None:
    """Register the panels, columns, links, tile and search field of this app."""
    _offer_panels()
    _offer_lists()
    _offer_front_page()


def _offer_panels() -> None:
    panels.register(
        "patients.patient",
        panels.Panel("Associations", "patients.view_association", _associations, position=10),
        panels.Panel("Statements", "patients.view_statement", _statements, position=20),
        panels.Panel("Last jobs", "jobs.view_job", _jobs, position=90),
    )
    panels.register(
        "jobs.job",
        panels.Panel(
            "What it is to fulfil", "patients.view_statement", _fulfilled, position=20, applies=_is_associate
        ),
        panels.Panel(
            "What came of it: the associations of patient and submitter",
            "patients.view_association",
            _associations_of_pair,
            position=21,
            applies=_is_associate,
        ),
    )


def _offer_lists() -> None:
    extensions.add_columns(
        "submitters.submitter",
        extensions.Column("active_patients", "active patients", _active_patients, bounded),
        extensions.Column("waiting_statements", "statements waiting", _waiting_statements, bounded),
        extensions.Column("overdue_statements", "of these overdue", _overdue_statements, bounded),
    )
    links.register(
        "patient",
        links.Target("admin:patients_patient_change", "patients.view_patient", _external_ids, patient_ids),
    )
    links.register("statement", links.Target("admin:patients_statement_change", "patients.view_statement"))


def _offer_front_page() -> None:
    dashboard.register(
        dashboard.Tile(
            "statements_overdue",
            "Statements overdue",
            "Every accepted statement is fulfilled, or not due yet.",
            10,
            "admin:patients_statement_changelist",
            {"state": "overdue"},
            "patients.view_statement",
        )
    )
    dashboard.register_search(
        dashboard.Search(
            "Find a patient",
            "External id (or how it begins), or UUID",
            "admin:patients_patient_changelist",
            "patients.view_patient",
        )
    )
