from django.apps import AppConfig


class PlantedConfig(AppConfig):
    """A page, a kind of job and a task that ask for one row after another."""

    name = "tests.platform.planted"
    label = "planted"

    def ready(self) -> None:
        """Register the kind of job."""
        from clinical_engine.jobs import registry  # noqa: PLC0415 - needs loaded models
        from tests.platform.planted.rows import KIND  # noqa: PLC0415

        registry.register(KIND)
