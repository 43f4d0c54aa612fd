from django.apps import AppConfig
from django.core.checks import register


class ApiConfig(AppConfig):
    """What every API endpoint shares: problems, scopes, pages, schema."""

    name = "clinical_engine.api"
    label = "api"

    def ready(self) -> None:
        """Register the check that every endpoint names its scope."""
        from clinical_engine.api.checks import every_endpoint_names_its_scope  # noqa: PLC0415 - needs loaded apps

        register(every_endpoint_names_its_scope)
