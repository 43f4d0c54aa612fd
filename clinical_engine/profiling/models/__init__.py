from clinical_engine.profiling.models.captured import (
    Caller,
    CapturedBatch,
    CapturedStatement,
    DriverReading,
    Release,
    StatementDay,
)
from clinical_engine.profiling.models.findings import Finding, FindingKind
from clinical_engine.profiling.models.silk import (
    ProfiledRequests,
    ProfiledStatement,
    ProfilingWindow,
    Recording,
)

__all__ = [
    "Caller",
    "CapturedBatch",
    "CapturedStatement",
    "DriverReading",
    "Finding",
    "FindingKind",
    "ProfiledRequests",
    "ProfiledStatement",
    "ProfilingWindow",
    "Recording",
    "Release",
    "StatementDay",
]
