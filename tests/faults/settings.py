"""The engine's settings with what the fault suite adds: job kinds made to be broken, and a door to put them in by."""

from clinical_engine.settings import *  # noqa: F403 - all of them

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults"]  # noqa: F405
ROOT_URLCONF = "tests.faults.urls"
