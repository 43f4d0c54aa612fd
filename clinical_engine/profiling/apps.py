from django.apps import AppConfig


class ProfilingConfig(AppConfig):
    """What statements cost and where that leads; silk, made safe for patients' data and cheap enough for production."""

    name = "clinical_engine.profiling"
    label = "profiling"

    def ready(self) -> None:
        """Begin to count; take the values out of what silk records, and EXPLAIN off the request path."""
        from django.conf import settings  # noqa: PLC0415

        from clinical_engine.common import guards  # noqa: PLC0415
        from clinical_engine.monitoring import probes  # noqa: PLC0415
        from clinical_engine.profiling.admin.offers import offer  # noqa: PLC0415
        from clinical_engine.profiling.capture import errors, tasks_as_units, writing  # noqa: PLC0415
        from clinical_engine.profiling.probes import PROBES  # noqa: PLC0415
        from clinical_engine.profiling.silk import cleaning, work  # noqa: PLC0415 - silk's modules need loaded apps
        from clinical_engine.profiling.silk.open_windows import open_windows  # noqa: PLC0415
        from clinical_engine.profiling.silk.room import room  # noqa: PLC0415
        from clinical_engine.staff.navigation import Menu, Page, add_page  # noqa: PLC0415

        cleaning.install()
        offer()
        probes.register(*PROBES)
        guards.name_statements_by(errors.fingerprint_of)
        # What a migration sends is sent once, and would crowd the list.
        if settings.CAPTURE_EVERY and settings.PROCESS != "migration":
            writing.start()
        tasks_as_units.install()
        work.install()
        writing.each_round(open_windows.renew)
        writing.each_round(room.renew)
        add_page(
            Page(Menu(90, "Engine", "speed"), "Slow requests (silk)", "silk:summary", "profiling.view_silk")
        )
