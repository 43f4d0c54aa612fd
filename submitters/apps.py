from django.apps import AppConfig


class SubmittersConfig(AppConfig):
    """Organisations, their submitters, and the machines that may speak for them."""

    name = "submitters"

    def ready(self) -> None:
        """Register what statements may grow with, and what the admin's other pages show of this app."""
        from clinical_engine.profiling import drivers  # noqa: PLC0415 - needs loaded models
        from submitters.admin.offers import offer  # noqa: PLC0415
        from submitters.drivers import DRIVERS  # noqa: PLC0415

        drivers.register(*DRIVERS)
        offer()
