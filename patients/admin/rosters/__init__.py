"""Rosters: the list, a live page for each, its confirmation, and who drifts."""

from patients.admin.rosters import rosters

__all__ = ["rosters"]
