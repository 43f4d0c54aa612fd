from django.apps import AppConfig
from django.core.checks import register


class JobsConfig(AppConfig):
    """The durable ledger of accepted work, its workers and its sweeper."""

    name = "clinical_engine.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Register the ledger's probes and system checks, and what the admin's pages show of it."""
        from clinical_engine.jobs import checks, registry  # noqa: PLC0415
        from clinical_engine.jobs.admin import payload_views, rerun_offers  # noqa: PLC0415
        from clinical_engine.jobs.admin.offers import offer  # noqa: PLC0415
        from clinical_engine.jobs.payloads.probes import PAYLOAD_PROBES  # noqa: PLC0415
        from clinical_engine.jobs.probes import PROBES  # noqa: PLC0415 - needs loaded models
        from clinical_engine.jobs.reruns.jobs import RERUN  # noqa: PLC0415
        from clinical_engine.jobs.reruns.probes import RERUN_PROBES  # noqa: PLC0415
        from clinical_engine.monitoring import probes  # noqa: PLC0415
        from clinical_engine.profiling.silk import origins  # noqa: PLC0415

        registry.register(RERUN)
        origins.offer("Jobs", lambda: ["task jobs.work", *(f"job {kind.name}" for kind in registry.kinds())])
        probes.register(*PROBES, *PAYLOAD_PROBES, *RERUN_PROBES)
        register(checks.every_kind_has_a_queue_that_is_worked_off)
        register(checks.the_lease_outlives_the_time_limits)
        register(checks.the_release_fits_its_column)
        offer()
        payload_views.offer()
        rerun_offers.offer()
