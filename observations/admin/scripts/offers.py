"""What the pages of scripts, versions and jobs show of scripts, and the tiles of the front page."""

from clinical_engine.staff import dashboard, extensions
from observations.admin.scripts import failures, outdated, panels, versions
from observations.admin.workbench import comparing

_SCRIPTS = "admin:observations_observationscript_changelist"
_VERSIONS = "admin:observations_scriptversion_changelist"
_MAY_SEE = "observations.view_observationscript"


def offer() -> None:
    """Register the panels and tiles."""
    outdated.offer()
    panels.offer()
    failures.offer()
    versions.offer()
    extensions.add_filters("patients.patient", failures.FailingFilter)
    comparing.offer()
    dashboard.register(
        dashboard.Tile(
            "scripts_suspended",
            "Suspended scripts",
            "Every version in force computes.",
            35,
            _VERSIONS,
            {"state": "suspended"},
            _MAY_SEE,
        ),
        dashboard.Tile(
            "scripts_failing",
            "Patients for whom a script fails",
            "No script fails for anybody.",
            36,
            "admin:patients_patient_changelist",
            {"script": "failing"},
            "patients.view_patient",
        ),
        dashboard.Tile(
            "scripts_outdated",
            "Scripts with results to bring in line",
            "What stands is what is in force.",
            37,
            _SCRIPTS,
            {"health": "outdated"},
            _MAY_SEE,
        ),
        dashboard.Tile(
            "scripts_proposed_waiting",
            "Versions to be published",
            "Proposed script versions, each of which waits for a second person.",
            45,
            _VERSIONS,
            {"state": "proposed"},
            "observations.publish_scriptversion",
        ),
    )
