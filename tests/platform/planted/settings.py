"""The engine's settings with the app that does what is not to be done."""

from clinical_engine.settings import *  # noqa: F403 - all of them
from clinical_engine.settings import INSTALLED_APPS as OF_THE_ENGINE

INSTALLED_APPS = [*OF_THE_ENGINE, "tests.platform.planted"]
ROOT_URLCONF = "tests.platform.planted.urls"
