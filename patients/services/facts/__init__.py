"""Dated facts about patients: recorded, and taken back when they were entered in error."""

from patients.services.facts.by_hand import retract_fact_by_hand, state_fact_by_hand
from patients.services.facts.recording import record_facts
from patients.services.facts.retracting import enter_fact_in_error
from patients.services.facts.said import AcceptedFact, FactAnswer, FactOrigin, NewFact

__all__ = [
    "AcceptedFact",
    "FactAnswer",
    "FactOrigin",
    "NewFact",
    "enter_fact_in_error",
    "record_facts",
    "retract_fact_by_hand",
    "state_fact_by_hand",
]
