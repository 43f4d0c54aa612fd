"""Rosters by the vitals app."""

from patients.api.rosters.views import RosterUploadView, RosterView

__all__ = ["RosterUploadView", "RosterView"]
