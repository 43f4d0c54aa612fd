"""Patients, statements, facts, associations and rosters.

The organisation stands on every row, and composite foreign keys (made in the migration) tie it to the patient's and the
submitter's own: a row that joins two organisations cannot exist. Django's own keys are therefore declared without constraint.
"""

from patients.models.associations import Association
from patients.models.facts import (
    FactConflict,
    FactName,
    FactRetraction,
    FactSource,
    FactStatus,
    PatientFact,
)
from patients.models.patients import Patient
from patients.models.rosters import Roster, RosterChange, RosterLine, RosterState
from patients.models.statements import Statement, StatementConflict, StatementKind, StatementSource

__all__ = [
    "Association",
    "FactConflict",
    "FactName",
    "FactRetraction",
    "FactSource",
    "FactStatus",
    "Patient",
    "PatientFact",
    "Roster",
    "RosterChange",
    "RosterLine",
    "RosterState",
    "Statement",
    "StatementConflict",
    "StatementKind",
    "StatementSource",
]
