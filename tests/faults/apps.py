from django.apps import AppConfig


class FaultsConfig(AppConfig):
    """Job kinds that only the fault suite has."""

    name = "tests.faults"
    label = "faults"

    def ready(self) -> None:
        """Register the job kinds."""
        from clinical_engine.jobs import registry  # noqa: PLC0415 - needs loaded models
        from tests.faults import kinds  # noqa: PLC0415

        registry.register(kinds.FRAGILE)
        registry.register(kinds.RENAMED)
        if kinds.IS_NEW:
            registry.register(kinds.INTRODUCED)
