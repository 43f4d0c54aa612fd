"""Patients, the statements about them, and the associations that follow from those."""

from patients.admin import associations, patients, statements

__all__ = ["associations", "patients", "statements"]
