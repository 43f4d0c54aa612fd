"""The scripts that every installation starts with: published scores, as they go through the same tests as any other script.

A script that reads another's results comes after it. docs/scripts-library.md shows them all.
"""

from observations.scripts.library.blood_pressure import HOME_BLOOD_PRESSURE, MEAN_ARTERIAL_PRESSURE
from observations.scripts.library.body import BMI, BMI_CLASS, WEIGHT_GAIN
from observations.scripts.library.definition import LibraryScript
from observations.scripts.library.glucose import GLUCOSE_7D, GLUCOSE_14D
from observations.scripts.library.kidney import EGFR
from observations.scripts.library.mews import MEWS
from observations.scripts.library.news2 import NEWS2
from observations.scripts.library.pulse import PULSE_TREND
from observations.scripts.library.questionnaires import CAT, PHQ_9

LIBRARY = (
    GLUCOSE_7D,
    GLUCOSE_14D,
    NEWS2,
    MEWS,
    BMI,
    BMI_CLASS,
    WEIGHT_GAIN,
    MEAN_ARTERIAL_PRESSURE,
    HOME_BLOOD_PRESSURE,
    EGFR,
    PHQ_9,
    CAT,
    PULSE_TREND,
)

__all__ = ["GLUCOSE_7D", "LIBRARY", "LibraryScript"]
