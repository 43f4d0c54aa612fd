"""The engine's settings with one app more: plain many-to-many tables to compare with."""

from clinical_engine.settings import *  # noqa: F403 - the engine's settings, whatever they are
from clinical_engine.settings import INSTALLED_APPS as ENGINE_APPS

INSTALLED_APPS = [*ENGINE_APPS, "tests.benchmarks.association.django_own"]
