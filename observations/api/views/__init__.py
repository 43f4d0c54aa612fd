"""Measurements in and out, observations out, and everything about a patient."""

from observations.api.views.measurements import MeasurementsView
from observations.api.views.observations import ObservationsView
from observations.api.views.patients import PatientLookupView, PatientView

__all__ = ["MeasurementsView", "ObservationsView", "PatientLookupView", "PatientView"]
