from django.apps import AppConfig


class SubmittersConfig(AppConfig):
    """Organisations, their submitters, and the machines that may speak for them."""

    name = "submitters"
