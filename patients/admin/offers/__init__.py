"""What the admin's other pages show of patients, and what the patient's page shows of jobs."""

from patients.admin.facts import panels as facts
from patients.admin.offers import everywhere, jobs, patients, submitters
from patients.admin.rosters import panels


def offer() -> None:
    """Register the panels, columns, links, tiles and search field of this app."""
    for page in (patients, jobs, submitters, panels, facts, everywhere):
        page.offer()
