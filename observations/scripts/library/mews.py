"""MEWS, the Modified Early Warning Score as it was validated for medical admissions in 2001."""

from collections.abc import Iterator

from observations.scripts.library.definition import (
    INTERPRETATION,
    Json,
    LibraryScript,
    case,
    no_result,
    number,
)
from observations.scripts.library.early_warning import (
    CONFUSED,
    NORMAL,
    OBSERVATIONS,
    PAIN,
    UNRESPONSIVE,
    VOICE,
    WINDOWS,
    at_the_edges,
    described,
)

_SOURCE = """\
# Modified Early Warning Score (Subbe et al., QJM 2001;94:521).
bp = band(round(systolic_bp), [70, 80, 100, 199], [3, 2, 1, 0, 2])
# The publication has 'below 40' and '41 to 50': 40 itself is counted with what is below.
heart = band(round(pulse), [40, 50, 100, 110, 129], [2, 1, 0, 1, 2, 3])
resp = band(round(respiration_rate), [8, 14, 20, 29], [2, 0, 1, 2, 3])
temp = band(round(temperature, 1), [34.9, 38.4], [2, 0, 2])
# New confusion (LA6560-2) has no place on the scale AVPU that the score was made with.
consciousness_on_avpu = None if consciousness == "LA6560-2" else consciousness
# Alert, voice, pain; else unresponsive.
if consciousness_on_avpu == "LA9340-6":
    avpu = 0
elif consciousness_on_avpu == "LA17108-4":
    avpu = 1
elif consciousness_on_avpu == "LA17107-6":
    avpu = 2
else:
    avpu = 3
score = sum([bp, heart, resp, temp, avpu])
result = {"score": score, "interpretation": "critical" if score >= 5 else "normal"}
"""
_TABLE = "Subbe 2001, table 1"
_POINTS: dict[str, dict[float | str, int]] = {
    "systolic_bp": {70: 3, 71: 2, 80: 2, 81: 1, 100: 1, 101: 0, 199: 0, 200: 2},
    "pulse": {39: 2, 40: 2, 41: 1, 50: 1, 51: 0, 100: 0, 101: 1, 110: 1, 111: 2, 129: 2, 130: 3},
    "respiration_rate": {8: 2, 9: 0, 14: 0, 15: 1, 20: 1, 21: 2, 29: 2, 30: 3},
    "temperature": {34.9: 2, 34.94: 2, 34.96: 0, 35.0: 0, 38.4: 0, 38.44: 0, 38.46: 2, 38.5: 2},
    "consciousness": {VOICE: 1, PAIN: 2, UNRESPONSIVE: 3},
}
_SEVERAL: list[tuple[Json, int, str]] = [
    ({}, 0, "normal"),
    ({"respiration_rate": 21, "pulse": 111}, 4, "normal"),
    ({"respiration_rate": 21, "pulse": 111, "consciousness": VOICE}, 5, "critical"),
    (
        {
            "systolic_bp": 70,
            "pulse": 130,
            "respiration_rate": 30,
            "temperature": 38.5,
            "consciousness": UNRESPONSIVE,
        },
        14,
        "critical",
    ),
]


def _cases() -> Iterator[Json]:
    one_changed = ((changed, score, "normal") for changed, score in at_the_edges(_POINTS))
    for changed, score, interpretation in [*one_changed, *_SEVERAL]:
        expected = {"score": score, "interpretation": interpretation}
        yield case(f"{_TABLE}: {described(changed) or 'all normal'}", NORMAL | changed, expected)
    yield no_result(f"{_TABLE}: AVPU has no confusion", NORMAL | {"consciousness": CONFUSED})
    without = {name: value for name, value in NORMAL.items() if name != "pulse"}
    yield no_result("without a pulse", without, "no value for pulse")


MEWS = LibraryScript(
    name="mews",
    title="MEWS: Modified Early Warning Score",
    code="mews",
    source=_SOURCE,
    inputs=OBSERVATIONS,
    outputs={"score": number("mews-score", "{score}"), "interpretation": INTERPRETATION},
    test_cases=[*_cases()],
    summary=(
        f"The score, 0 to 14, of adults. {WINDOWS} Not computable in new confusion, which the publication does "
        "not place."
    ),
    interpretation=(
        "Critical from 5 points on, where the publication found the risk of death and of admission to "
        "intensive care raised. It names no other threshold. Many hospitals use variants with other points "
        "and thresholds."
    ),
    source_reference=(
        "Subbe CP, Kruger M, Rutherford P, Gemmel L. Validation of a modified Early Warning Score in medical "
        "admissions. QJM 2001;94:521-526. doi:10.1093/qjmed/94.10.521."
    ),
    licence=(
        "Published in a journal; no licence for using the score is known to be needed. The article is under "
        "copyright; only the points of its table are used."
    ),
)
