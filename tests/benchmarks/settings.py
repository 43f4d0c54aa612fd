"""The engine's settings with one app more: the job kinds that only the benchmarks know, for the workers they start."""

from clinical_engine.settings import *  # noqa: F403 - the engine's settings, whatever they are
from clinical_engine.settings import INSTALLED_APPS as ENGINE_APPS

INSTALLED_APPS = [*ENGINE_APPS, "tests.benchmarks.ledger"]
