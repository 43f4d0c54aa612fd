from django.apps import AppConfig


class DjangoOwnConfig(AppConfig):
    """Tables that only the comparison knows; it makes them itself, in its own database."""

    name = "tests.benchmarks.association.django_own"
    label = "benchmark_django_own"
