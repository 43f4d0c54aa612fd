"""The engine's settings, and the app that tells."""

from clinical_engine.settings import *  # noqa: F403 - all of them

INSTALLED_APPS = [*INSTALLED_APPS, "tests.profiling.telling"]  # noqa: F405
