from django.apps import AppConfig


class ProfilingConfig(AppConfig):
    """Silk, made safe for patients' data and cheap enough for production."""

    name = "clinical_engine.profiling"
    label = "profiling"

    def ready(self) -> None:
        """Take the values out of what silk records, and EXPLAIN off the request path."""
        from clinical_engine.profiling import cleaning  # noqa: PLC0415 - silk's modules need loaded apps

        cleaning.install()
