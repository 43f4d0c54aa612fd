"""Measurements, the scripts that compute from them, and what was computed."""

from observations.models.codes import Code, CodeSystem, ValueKind
from observations.models.measurements import Measurement, MeasurementConflict, MeasurementSource
from observations.models.observations import Observation
from observations.models.scripts import ObservationScript, ScriptVersion

__all__ = [
    "Code",
    "CodeSystem",
    "Measurement",
    "MeasurementConflict",
    "MeasurementSource",
    "Observation",
    "ObservationScript",
    "ScriptVersion",
    "ValueKind",
]
