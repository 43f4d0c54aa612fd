"""The page of a job that fulfils statements."""

from collections.abc import Mapping
from typing import Any

from clinical_engine.staff import panels
from patients.admin.offers.tables import (
    ASSOCIATION_HEADERS,
    SHOWN,
    STATEMENT_HEADERS,
    association_row,
    statement_rows,
)
from patients.jobs import ASSOCIATE
from patients.models import Association, Statement


def _fulfilled(job: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row of the ledger, whose class is private to it
    # By patient first: that has an index, and a patient has few statements.
    rows = Statement.objects.filter(patient=job.patient_id, job_id=job.pk).order_by("effective_at", "pk")
    return panels.table(
        STATEMENT_HEADERS,
        statement_rows(rows.select_related("submitter", "patient__organisation")[:SHOWN]),
        empty="No statement names this job.",
    )


def _associations_of_pair(job: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
    rows = Association.objects.filter(patient=job.patient_id, submitter=job.submitter_id)
    return panels.table(
        ASSOCIATION_HEADERS,
        (
            association_row(row, row.patient.organisation.zone)
            for row in rows.select_related("submitter", "patient__organisation").order_by("-associated_at")[
                :SHOWN
            ]
        ),
        empty="None: what it was to do is not done, or was undone by a later statement.",
    )


def _is_associate(job: Any) -> bool:  # noqa: ANN401 - as above
    return bool(job.kind == ASSOCIATE.name and job.patient_id)


def offer() -> None:
    """Register the panels of such a job."""
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
