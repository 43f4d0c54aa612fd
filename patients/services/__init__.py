"""Writes about patients: each call one transaction, set-based, whatever its size."""

from patients.services.accepting import accept_statements, activate, deactivate
from patients.services.by_hand import move_by_hand, state_by_hand
from patients.services.moving import Moved, move
from patients.services.patients import ensure_patients
from patients.services.statements import Acceptance, Accepted, Answer, NewStatement, Origin, Refused

__all__ = [
    "Acceptance",
    "Accepted",
    "Answer",
    "Moved",
    "NewStatement",
    "Origin",
    "Refused",
    "accept_statements",
    "activate",
    "deactivate",
    "ensure_patients",
    "move",
    "move_by_hand",
    "state_by_hand",
]
