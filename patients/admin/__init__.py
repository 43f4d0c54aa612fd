"""Patients, the statements about them, and the associations that follow from those."""

from patients.admin import associations, facts, patients, rosters, statements

__all__ = ["associations", "facts", "patients", "rosters", "statements"]
