"""The front page, and links from opaque ids."""

from collections.abc import Collection, Mapping
from uuid import UUID

from clinical_engine.staff import dashboard, links
from patients.admin.search import patient_ids
from patients.models import Patient

_TILES = (
    dashboard.Tile(
        "statements_overdue",
        "Statements overdue",
        "Every accepted statement is fulfilled, or not due yet.",
        10,
        "admin:patients_statement_changelist",
        {"state": "overdue"},
        "patients.view_statement",
    ),
    dashboard.Tile(
        "roster_drift",
        "Patients drifting",
        "Everybody who is active by a list of the vitals app is linked.",
        12,
        "admin:patients_roster_changelist",
        {"drift": "drifting"},
        "patients.view_roster",
    ),
    dashboard.Tile(
        "rosters_held",
        "Rosters held",
        "No list waits for a person.",
        14,
        "admin:patients_roster_changelist",
        {"state": "held"},
        "patients.view_roster",
    ),
)


def _external_ids(ids: Collection[UUID]) -> Mapping[UUID, str]:
    return dict(Patient.objects.filter(pk__in=ids).values_list("pk", "external_id"))


def offer() -> None:
    """Register tile, search field and links."""
    _offer_links()
    _offer_front_page()


def _offer_links() -> None:
    links.register(
        "patient",
        links.Target("admin:patients_patient_change", "patients.view_patient", _external_ids, patient_ids),
    )
    links.register("roster", links.Target("admin:patients_roster_change", "patients.view_roster"))
    links.register("statement", links.Target("admin:patients_statement_change", "patients.view_statement"))


def _offer_front_page() -> None:
    dashboard.register(*_TILES)
    dashboard.register_search(
        dashboard.Search(
            "Find a patient",
            "External id (or how it begins), or UUID",
            "admin:patients_patient_changelist",
            "patients.view_patient",
        )
    )
