from django.apps import AppConfig


class ObservationsConfig(AppConfig):
    """Measurements, scripts, and the observations that scripts compute from measurements."""

    name = "observations"

    def ready(self) -> None:
        """Register kinds of job, probes, drivers, the wish to hear of changes, and what the admin's pages show of this app."""
        from clinical_engine.api.problems import answer_in_form  # noqa: PLC0415 - needs loaded models
        from clinical_engine.api.refused_requests import on_refused_request  # noqa: PLC0415
        from clinical_engine.jobs import registry  # noqa: PLC0415
        from clinical_engine.monitoring import probes  # noqa: PLC0415
        from clinical_engine.profiling import drivers  # noqa: PLC0415
        from observations.admin.offers import offer  # noqa: PLC0415
        from observations.backfill.jobs import BACKFILL  # noqa: PLC0415
        from observations.backfill.probes import STALLED  # noqa: PLC0415
        from observations.drivers import DRIVERS  # noqa: PLC0415
        from observations.fhir.formats import as_outcome  # noqa: PLC0415
        from observations.importing.jobs import IMPORT  # noqa: PLC0415
        from observations.importing.probes import STALLED as IMPORTS_STALLED  # noqa: PLC0415
        from observations.intake.corrections import CORRECT  # noqa: PLC0415
        from observations.intake.refusals import count_request  # noqa: PLC0415
        from observations.intake.unresolved import CONFLICTS  # noqa: PLC0415
        from observations.probes import PROBES  # noqa: PLC0415
        from observations.recompute import RECOMPUTE, hear_of_changed_periods, mark_dirty  # noqa: PLC0415
        from observations.scripts.probes import PROBES as OF_SCRIPTS  # noqa: PLC0415
        from patients.registry import on_changed_facts, on_changed_periods  # noqa: PLC0415

        registry.register(RECOMPUTE)
        registry.register(CORRECT)
        registry.register(IMPORT)
        registry.register(BACKFILL)
        probes.register(*PROBES, *OF_SCRIPTS, CONFLICTS, STALLED, IMPORTS_STALLED)
        drivers.register(*DRIVERS)
        on_changed_periods(hear_of_changed_periods)
        on_changed_facts(mark_dirty)
        on_refused_request(count_request)
        answer_in_form("/fhir", as_outcome)
        offer()
