from django.apps import AppConfig


class SubmittersConfig(AppConfig):
    """Organisations, their submitters, and the machines that may speak for them."""

    name = "submitters"

    def ready(self) -> None:
        """Register what the admin's other pages show of this app."""
        from submitters.admin.offers import offer  # noqa: PLC0415 - needs loaded models

        offer()
