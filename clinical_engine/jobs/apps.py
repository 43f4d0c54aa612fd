from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The durable ledger of accepted work, its workers and its sweeper."""

    name = "clinical_engine.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Register the ledger's probes."""
        from clinical_engine.jobs.probes import PROBES  # noqa: PLC0415 - needs loaded models
        from clinical_engine.monitoring import probes  # noqa: PLC0415

        probes.register(*PROBES)
