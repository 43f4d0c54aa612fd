"""Patients, the statements about them, and the associations that follow from those."""

from patients.admin import associations, patients, rosters, statements

__all__ = ["associations", "patients", "rosters", "statements"]
