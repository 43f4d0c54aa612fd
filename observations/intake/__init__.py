"""Measurements in: checked, stored, and answered one by one."""

from observations.intake.corrections import enter_in_error
from observations.intake.recording import record_measurements
from observations.intake.rows import Answer, Outcome, Sender

__all__ = ["Answer", "Outcome", "Sender", "enter_in_error", "record_measurements"]
