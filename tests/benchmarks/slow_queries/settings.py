"""The engine's settings with addresses that do nothing but send queries, for the webs that the benchmark starts."""

from clinical_engine.settings import *  # noqa: F403 - the engine's settings, whatever they are

ROOT_URLCONF = "tests.benchmarks.slow_queries.urls"
