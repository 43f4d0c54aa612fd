from django.apps import AppConfig


class BenchmarksConfig(AppConfig):
    """Makes the benchmarks' job kinds known to the workers that a benchmark starts."""

    name = "tests.benchmarks.ledger"
    label = "benchmarks"

    def ready(self) -> None:
        from tests.benchmarks.ledger.kinds import register_kinds  # noqa: PLC0415 - needs loaded models

        register_kinds()
