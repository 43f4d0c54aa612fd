"""Measurements, the scripts that compute from them, and what was computed."""

from observations.models.codes import (
    COMPOSED,
    CatalogueState,
    Code,
    CodeAnswer,
    CodePart,
    CodeSystem,
    CodeUnit,
    ValueKind,
)
from observations.models.imports import (
    ImportedLine,
    ImportProblem,
    ImportState,
    MeasurementImport,
    RehearsedId,
)
from observations.models.measurements import (
    ConflictResolution,
    Correction,
    CorrectionKind,
    Measurement,
    MeasurementConflict,
    MeasurementSource,
    MeasurementStatus,
    Valued,
)
from observations.models.observations import Observation
from observations.models.refusals import RefusalCount
from observations.models.scripts import ObservationScript, ScriptVersion

__all__ = [
    "COMPOSED",
    "CatalogueState",
    "Code",
    "CodeAnswer",
    "CodePart",
    "CodeSystem",
    "CodeUnit",
    "ConflictResolution",
    "Correction",
    "CorrectionKind",
    "ImportProblem",
    "ImportState",
    "ImportedLine",
    "Measurement",
    "MeasurementConflict",
    "MeasurementImport",
    "MeasurementSource",
    "MeasurementStatus",
    "Observation",
    "ObservationScript",
    "RefusalCount",
    "RehearsedId",
    "ScriptVersion",
    "ValueKind",
    "Valued",
]
