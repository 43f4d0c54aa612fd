"""Watching an import from a shell."""

from io import TextIOBase

from clinical_engine.common.saying import joined, shown_on
from clinical_engine.jobs.following import follow
from observations.importing.report import progress
from observations.models import ImportState, MeasurementImport


def watch(file: MeasurementImport, output: TextIOBase) -> MeasurementImport:
    """Show an import's progress until it goes on no more; how it stands then. Raises JobStoppedError."""
    with shown_on(output, "importing", "lines") as show:
        for warning in follow(file, {ImportState.IMPORTING}, lambda: file.done):
            show(joined(progress(file), warning), file.done, file.lines, warning)
    return file
