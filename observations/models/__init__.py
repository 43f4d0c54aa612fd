"""Measurements, the scripts that compute from them, and what was computed."""

from observations.models.backfills import Backfill, BackfillExample, BackfillState
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
from observations.models.observations import Interpretation, Observation
from observations.models.refusals import RefusalCount
from observations.models.scripts import (
    ObservationScript,
    Publication,
    PublicationKind,
    ScriptFailure,
    ScriptVersion,
)

__all__ = [
    "COMPOSED",
    "Backfill",
    "BackfillExample",
    "BackfillState",
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
    "Interpretation",
    "Measurement",
    "MeasurementConflict",
    "MeasurementImport",
    "MeasurementSource",
    "MeasurementStatus",
    "Observation",
    "ObservationScript",
    "Publication",
    "PublicationKind",
    "RefusalCount",
    "RehearsedId",
    "ScriptFailure",
    "ScriptVersion",
    "ValueKind",
    "Valued",
]
