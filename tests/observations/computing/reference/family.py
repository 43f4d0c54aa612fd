"""All scripts of the property."""

from collections.abc import Mapping

from tests.observations.computing.reference.chain import ALARMS, SUGARS, TRENDS
from tests.observations.computing.reference.scripts import GAINS, HEATS, LEVEL, MOODS, PRESSURES, PROFILES
from tests.observations.computing.reference.version import Version

FAMILY: Mapping[str, tuple[Version, ...]] = {
    "level": LEVEL,
    "pressure": PRESSURES,
    "mood": MOODS,
    "heat": HEATS,
    "gain": GAINS,
    "profile": PROFILES,
    "sugar": SUGARS,
    "trend": TRENDS,
    "alarm": ALARMS,
}
"""By name, those that others read before these."""
