from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Health and metrics, from the probes that the other apps register."""

    name = "clinical_engine.monitoring"
    label = "monitoring"
