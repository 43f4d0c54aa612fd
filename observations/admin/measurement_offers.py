"""What pages show of corrections, conflicts and exports of measurements."""

from clinical_engine.staff import dashboard, panels
from clinical_engine.staff.trail import trail_panel
from observations.admin.corrections import conflicts_panel, corrections_panel
from observations.admin.exporting import patient_form
from observations.admin.parts import has_parts, parts_panel


def offer() -> None:
    """Register the panels of a measurement's page, the export on a patient's, and the tile of conflicts."""
    may_see = "observations.view_measurement"
    panels.register(
        "observations.measurement",
        panels.Panel("Item by item", may_see, parts_panel, position=10, applies=has_parts),
        panels.Panel("Corrections", may_see, corrections_panel, position=20),
        panels.Panel("Conflicts", "observations.view_measurementconflict", conflicts_panel, position=30),
        trail_panel("measurement"),
    )
    panels.register("observations.measurementconflict", trail_panel("measurement_conflict"))
    panels.register(
        "patients.patient",
        panels.Panel(
            "Export",
            "observations.export_measurement",
            patient_form,
            template="admin/observations/export_panel.html",
            position=90,
        ),
    )
    dashboard.register(
        dashboard.Tile(
            "measurement_conflicts",
            "Conflicts to resolve",
            "Nothing came in twice with other content that nobody has looked at.",
            25,
            "admin:observations_measurementconflict_changelist",
            {"state": "unresolved"},
            "observations.view_measurementconflict",
        )
    )
