"""NEWS2, the National Early Warning Score of the Royal College of Physicians."""

from collections.abc import Iterator

from observations.scripts.library.definition import (
    INTERPRETATION,
    Json,
    LibraryScript,
    case,
    coded,
    fact,
    fresh,
    no_result,
    number,
)
from observations.scripts.library.early_warning import (
    ALERT,
    CONFUSED,
    NORMAL,
    OBSERVATIONS,
    PAIN,
    SET,
    UNRESPONSIVE,
    VOICE,
    WINDOWS,
    at_the_edges,
    described,
)

_SOURCE = """\
# National Early Warning Score 2 (Royal College of Physicians, 2017). Not meant for anybody under 16.
resp = band(round(respiration_rate), [8, 11, 20, 24], [3, 1, 0, 2, 3])
saturation = round(spo2)
if spo2_scale == 2 and on_oxygen and saturation >= 93:
    sats = band(saturation, [94, 96], [1, 2, 3])
elif spo2_scale == 2:
    sats = band(saturation, [83, 85, 87], [3, 2, 1, 0])
else:
    sats = band(saturation, [91, 93, 95], [3, 2, 1, 0])
oxygen = 2 if on_oxygen else 0
bp = band(round(systolic_bp), [90, 100, 110, 219], [3, 2, 1, 0, 3])
heart = band(round(pulse), [40, 50, 90, 110, 130], [3, 1, 0, 1, 2, 3])
# LA9340-6 is 'alert'. New confusion, voice, pain and unresponsive count 3 each.
acvpu = 0 if consciousness == "LA9340-6" else 3
temp = band(round(temperature, 1), [35.0, 36.0, 38.0, 39.0], [3, 1, 0, 1, 2])
parts = [resp, sats, oxygen, bp, heart, acvpu, temp]
score = sum(parts)
if score >= 7:
    risk = "high"
elif score >= 5:
    risk = "medium"
elif 3 in parts:
    risk = "low-medium"
else:
    risk = "low"
urgency = "critical" if score >= 7 else "normal" if risk == "low" else "abnormal"
# None, not False: who is younger is then told that there is 'no value for age_from_16_on'.
age_from_16_on = True if age is None or age >= 16 else None
result = {"score": score, "risk": risk, "interpretation": urgency} if age_from_16_on else None
"""
_CHART = "RCP 2017, chart 1"
_NORMAL = NORMAL | {"spo2": 98, "on_oxygen": False, "spo2_scale": 1}
_POINTS: dict[str, dict[float | str, int]] = {
    "respiration_rate": {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3},
    "spo2": {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0},
    "systolic_bp": {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3},
    "pulse": {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3},
    "consciousness": {CONFUSED: 3, VOICE: 3, PAIN: 3, UNRESPONSIVE: 3},
    # The chart goes in steps of 0.1: 35.04 is 35.0, 35.06 is 35.1.
    "temperature": {35.0: 3, 35.04: 3, 35.06: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2},
}
# So many in a single parameter are a risk of their own, whatever the sum.
_RED = 3
_SCALE_2_ON_AIR = {83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 97: 0}
# Oxygen itself counts 2: (score, risk).
_SCALE_2_ON_OXYGEN = {
    83: (5, "medium"),
    87: (3, "low"),
    88: (2, "low"),
    92: (2, "low"),
    93: (3, "low"),
    94: (3, "low"),
    95: (4, "low"),
    96: (4, "low"),
    97: (5, "medium"),
}
_FIELDS = ("respiration_rate", "spo2", "on_oxygen", "systolic_bp", "pulse", "consciousness", "temperature")
# Whole sets of observations, in the order of the fields: (score, risk).
_SETS: dict[tuple[object, ...], tuple[int, str]] = {
    (14, 98, True, 120, 70, ALERT, 37.0): (2, "low"),
    (11, 98, False, 120, 70, ALERT, 36.0): (2, "low"),
    (21, 98, False, 120, 91, ALERT, 38.1): (4, "low"),
    (21, 95, False, 120, 91, ALERT, 38.1): (5, "medium"),
    (21, 95, False, 120, 111, ALERT, 38.1): (6, "medium"),
    (21, 93, False, 120, 111, ALERT, 38.1): (7, "high"),
    (22, 94, True, 105, 115, ALERT, 38.4): (9, "high"),
    (25, 91, True, 90, 131, VOICE, 39.1): (19, "high"),
    (8, 83, True, 220, 40, UNRESPONSIVE, 35.0): (20, "high"),
}


def _cases() -> Iterator[Json]:
    yield _case({}, 0, "low")
    scale_2 = (({"spo2": spo2, "spo2_scale": 2}, points) for spo2, points in _SCALE_2_ON_AIR.items())
    for changed, points in [*at_the_edges(_POINTS), *scale_2]:
        yield _case(changed, points, "low-medium" if points == _RED else "low")
    for spo2, (score, risk) in _SCALE_2_ON_OXYGEN.items():
        yield _case({"spo2": spo2, "spo2_scale": 2, "on_oxygen": True}, score, risk)
    for observed, (score, risk) in _SETS.items():
        yield _case(dict(zip(_FIELDS, observed, strict=True)), score, risk)
    yield _case({"age": 16}, 0, "low")
    yield no_result("RCP 2017: not for those under 16", _NORMAL | {"age": 15})
    without = {name: value for name, value in _NORMAL.items() if name != "spo2"}
    yield no_result("without a saturation", without, "no value for spo2")


def _case(changed: Json, score: int, risk: str) -> Json:
    urgency = {"high": "critical", "medium": "abnormal", "low-medium": "abnormal", "low": "normal"}[risk]
    return case(
        f"{_CHART}: {described(changed) or 'all normal'}",
        _NORMAL | changed,
        {"score": score, "risk": risk, "interpretation": urgency},
    )


NEWS2 = LibraryScript(
    name="news2",
    title="NEWS2: National Early Warning Score 2",
    code="news2",
    source=_SOURCE,
    inputs={
        **OBSERVATIONS,
        "spo2": fresh("59408-5", *SET),
        "on_oxygen": fresh("supplemental-oxygen", *SET),
        "spo2_scale": fact("spo2_scale", missing="default", default=1),
        "age": fact("age", missing="none"),
    },
    outputs={
        "score": number("news2-score", "{score}"),
        "risk": coded("news2-risk", "low", "low-medium", "medium", "high"),
        "interpretation": INTERPRETATION,
    },
    test_cases=[*_cases()],
    summary=(
        f"The score, 0 to 20, and the clinical risk. {WINDOWS} SpO2 scale 2 is used for those of whom the fact "
        "says so. Whether oxygen is given must be known: air is never assumed. Not computable for those under "
        "16."
    ),
    interpretation=(
        "Critical from 7 points on (emergency response); abnormal from 5 points on, or with 3 points in a "
        "single parameter (urgent response): trigger thresholds of the Royal College of Physicians, 2017."
    ),
    source_reference=(
        "Royal College of Physicians. National Early Warning Score (NEWS) 2: Standardising the assessment of "
        "acute-illness severity in the NHS. Updated report of a working party. London: RCP, 2017. ISBN "
        "978-1-86016-682-2."
    ),
    licence=(
        "Copyright Royal College of Physicians, 2017. By its report there is no restriction on using the "
        "material, as long as the college is acknowledged; its charts are to be reproduced in colour and "
        "unchanged (none is reproduced here)."
    ),
)
