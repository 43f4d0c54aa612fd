from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what, when and why."""

    name = "clinical_engine.audit"
    label = "audit"
