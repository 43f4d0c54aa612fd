"""Measurements in and out, observations out, and everything about a patient."""

from observations.api.views.corrections import EnteredInErrorByClientIdView, EnteredInErrorView
from observations.api.views.measurements import MeasurementsView
from observations.api.views.observations import ObservationsView
from observations.api.views.patients import PatientLookupView, PatientView

__all__ = [
    "EnteredInErrorByClientIdView",
    "EnteredInErrorView",
    "MeasurementsView",
    "ObservationsView",
    "PatientLookupView",
    "PatientView",
]
