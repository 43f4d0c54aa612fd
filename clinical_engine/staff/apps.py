from django.apps import AppConfig


class StaffConfig(AppConfig):
    """What every page of the admin shares, and the registries by which apps show up on each other's pages."""

    name = "clinical_engine.staff"
    label = "staff"
