"""Glucose: mean and time in range over 7 days, and the measures of the international consensus over 14."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from observations.scripts.library.definition import (
    DAY,
    INTERPRETATION,
    Json,
    LibraryScript,
    all_within,
    case,
    no_result,
    number,
)

_CONSENSUS = (
    "Battelino T, Danne T, Bergenstal RM, et al. Clinical targets for continuous glucose monitoring data interpretation: "
    "recommendations from the International Consensus on Time in Range. Diabetes Care 2019;42:1593-1603. doi:10.2337/dci19-0028."
)
_LICENCE = "Definitions published by a consensus for general use; no licence is known to be needed."

GLUCOSE_7D = LibraryScript(
    name="glucose-7d",
    title="Glucose over 7 days: mean, and share within 70 to 180 mg/dL",
    code="glucose-7d",
    source="""\
# Mean, and time in range by the count of readings; 70 to 180 mg/dL is the target range of the
# International Consensus on Time in Range (Battelino et al., Diabetes Care 2019;42:1593).
in_range = [g for g in glucose if g >= 70 and g <= 180]
result = {"mean": mean(glucose), "in_range": 100 * len(in_range) / len(glucose)}
""",
    inputs={"glucose": all_within("2339-0", 7 * DAY)},
    outputs={
        "mean": number("glucose-mean-7d", "mg/dL"),
        "in_range": number("glucose-in-range-7d", "%"),
    },
    test_cases=[
        {"inputs": {"glucose": [100, 200]}, "expected": {"mean": 150, "in_range": 50}},
        {"inputs": {"glucose": [70, 180]}, "expected": {"mean": 125, "in_range": 100}},
        {"inputs": {"glucose": [69.9, 180.1]}, "expected": {"mean": 125, "in_range": 0}},
        {"inputs": {"glucose": [60, 120, 150, 210]}, "expected": {"mean": 135, "in_range": 50}},
    ],
    summary=(
        "The mean of all readings within 7 days, and the share of them from 70 to 180 mg/dL. From one reading "
        "on: a share by count, of finger pricks, is not the share of time that a sensor gives."
    ),
    source_reference=_CONSENSUS,
    licence=_LICENCE,
)


# Worked out in fractions: readings by value, then mean, variation, GMI, shares and interpretation.
_Case: TypeAlias = tuple[str, Mapping[float, int], float, float, float, Sequence[float], str]
_CASES: list[_Case] = [
    ("Bergenstal 2018: mean 100", {100: 40}, 100, 0, 5.702, (0, 0, 100, 0, 0), "normal"),
    ("Bergenstal 2018: mean 150", {150: 40}, 150, 0, 6.898, (0, 0, 100, 0, 0), "normal"),
    ("Bergenstal 2018: mean 200", {200: 40}, 200, 0, 8.094, (0, 0, 0, 100, 0), "abnormal"),
    ("Battelino 2019: below 54", {53: 40}, 53, 0, 4.57776, (100, 100, 0, 0, 0), "abnormal"),
    ("Battelino 2019: from 54 on", {54: 40}, 54, 0, 4.60168, (0, 100, 0, 0, 0), "abnormal"),
    ("Battelino 2019: below 70", {69: 40}, 69, 0, 4.96048, (0, 100, 0, 0, 0), "abnormal"),
    ("Battelino 2019: from 70 on", {70: 40}, 70, 0, 4.9844, (0, 0, 100, 0, 0), "normal"),
    ("Battelino 2019: up to 180", {180: 40}, 180, 0, 7.6156, (0, 0, 100, 0, 0), "normal"),
    ("Battelino 2019: above 180", {181: 40}, 181, 0, 7.63952, (0, 0, 0, 100, 0), "abnormal"),
    ("Battelino 2019: up to 250", {250: 40}, 250, 0, 9.29, (0, 0, 0, 100, 0), "abnormal"),
    ("Battelino 2019: above 250", {251: 40}, 251, 0, 9.31392, (0, 0, 0, 100, 100), "abnormal"),
    (
        "Battelino 2019: 2 % below 70",
        {60: 1, 120: 49},
        118.8,
        7.142492739258,
        6.151696,
        (0, 2, 98, 0, 0),
        "normal",
    ),
    (
        "Battelino 2019: 4 % below 70",
        {60: 2, 120: 48},
        117.6,
        10.09942161848,
        6.122992,
        (0, 4, 96, 0, 0),
        "abnormal",
    ),
    (
        "Battelino 2019: 0.99 % below 54",
        {50: 1, 120: 100},
        119.3069306931,
        5.838102020568,
        6.163821782178,
        (0.990099009901, 0.990099009901, 99.0099009901, 0, 0),
        "normal",
    ),
    (
        "Battelino 2019: 1 % below 54",
        {50: 1, 120: 99},
        119.3,
        5.867560771165,
        6.163656,
        (1, 1, 99, 0, 0),
        "abnormal",
    ),
    (
        "Battelino 2019: 22.5 % above 180",
        {120: 31, 200: 9},
        138,
        24.51606155167,
        6.61096,
        (0, 0, 77.5, 22.5, 0),
        "normal",
    ),
    (
        "Battelino 2019: 25 % above 180",
        {120: 30, 200: 10},
        140,
        25.05880055163,
        6.6588,
        (0, 0, 75, 25, 0),
        "abnormal",
    ),
    (
        "Battelino 2019: 2.5 % above 250",
        {120: 39, 260: 1},
        123.5,
        17.92384098881,
        6.26412,
        (0, 0, 97.5, 2.5, 2.5),
        "normal",
    ),
    (
        "Battelino 2019: 5 % above 250",
        {120: 38, 260: 2},
        127,
        24.33149598491,
        6.34784,
        (0, 0, 95, 5, 5),
        "abnormal",
    ),
    (
        "Battelino 2019: variation below 36 %",
        {77.5: 20, 162.5: 20},
        120,
        35.86785258421,
        6.1804,
        (0, 0, 100, 0, 0),
        "normal",
    ),
    (
        "Battelino 2019: variation above 36 %",
        {77: 20, 163: 20},
        120,
        36.2898273205,
        6.1804,
        (0, 0, 100, 0, 0),
        "abnormal",
    ),
]
_SHARES = ("very_low", "low", "in_range", "high", "very_high")


def _readings(values: Mapping[float, int], days: int = 10) -> Json:
    """So many readings of each value, spread over so many days; the oldest first."""
    each = [value for value, count in values.items() for _ in range(count)]
    return {
        "readings": sorted(
            (
                {"value": value, "hours": 24 * (position % days) + position // days, "day": position % days}
                for position, value in enumerate(each)
            ),
            key=lambda reading: -reading["hours"],
        )
    }


def _cases() -> Iterator[Json]:
    for name, values, level, cv, gmi, shares, interpretation in _CASES:
        expected = {
            "mean": level,
            "cv": cv,
            "gmi": gmi,
            "readings": sum(values.values()),
            **dict(zip(_SHARES, shares, strict=True)),
            "interpretation": interpretation,
        }
        yield case(name, _readings(values), expected)
    yield no_result("39 readings are too few", _readings({120: 39}))
    yield no_result("9 days are too few: less than 70 % of 14", _readings({120: 45}, days=9))
    yield no_result("no reading", {"readings": []})


GLUCOSE_14D = LibraryScript(
    name="glucose-14d",
    title="Glucose over 14 days: time in range, GMI and variation",
    code="glucose-14d",
    source="""\
# International Consensus on Time in Range (Battelino 2019), by the count of readings in mg/dL; GMI: Bergenstal 2018.
values = [r.value for r in readings]
days = [r.day for r in readings]
measured = len([d for d in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14] if d in days])
n = len(values)
readings_40_on_10_days = values if measured >= 10 and n >= 40 else None
level = mean(readings_40_on_10_days)
readings_above_0 = level if level > 0 else None
below = [v for v in values if v < 70]
above = [v for v in values if v > 180]
low = 100 * len(below) / n
very_low = 100 * len([v for v in below if v < 54]) / n
high = 100 * len(above) / n
very_high = 100 * len([v for v in above if v > 250]) / n
in_range = 100 * (n - len(below) - len(above)) / n
cv = 100 * stdev(values) / readings_above_0
# With these more than 70 % are in range, too.
on_target = low < 4 and very_low < 1 and high < 25 and very_high < 5 and round(cv, 6) <= 36
result = {
    "mean": level, "cv": cv, "gmi": 3.31 + 0.02392 * level, "readings": n,
    "very_low": very_low, "low": low, "in_range": in_range, "high": high, "very_high": very_high,
    "interpretation": "normal" if on_target else "abnormal",
}
""",
    inputs={"readings": all_within("2339-0", 14 * DAY, timed=True)},
    outputs={
        "mean": number("glucose-mean-14d", "mg/dL"),
        "cv": number("glucose-cv-14d", "%"),
        "gmi": number("glucose-management-indicator-14d", "%"),
        "very_low": number("glucose-below-54-14d", "%"),
        "low": number("glucose-below-70-14d", "%"),
        "in_range": number("glucose-in-range-14d", "%"),
        "high": number("glucose-above-180-14d", "%"),
        "very_high": number("glucose-above-250-14d", "%"),
        "readings": number("glucose-readings-14d", "1"),
        "interpretation": INTERPRETATION,
    },
    test_cases=[*_cases()],
    summary=(
        "Mean, coefficient of variation, glucose management indicator (GMI, 3.31 + 0.02392 x mean in mg/dL) "
        "and the shares of readings below 54, below 70, from 70 to 180, above 180 and above 250 mg/dL, each "
        "'below' and 'above' with all that lies beyond. The consensus asks for 70 % of the data of a sensor "
        "over 14 days; for finger pricks that is taken for readings on 10 of the 14 days, and at least 40 of "
        "them, four a day: a choice of ours, below which nothing is computed. More than 1,000 readings, as a "
        "sensor sends in four days, are not computable. Shares are of readings, not of time, and GMI was made "
        "for sensors: with finger pricks, which come at meals and at trouble, both say less."
    ),
    interpretation=(
        "Abnormal where a target for adults with type 1 or type 2 diabetes is missed (Battelino 2019): below "
        "70 mg/dL less than 4 %, below 54 less than 1 %, above 180 less than 25 %, above 250 less than 5 %, "
        "variation up to 36 %. Pregnant, older and high-risk patients have other targets. None is critical."
    ),
    source_reference=(
        f"{_CONSENSUS} GMI: Bergenstal RM, Beck RW, Close KL, et al. Glucose Management Indicator (GMI): a new "
        "term for estimating A1C from continuous glucose monitoring. Diabetes Care 2018;41:2275-2280. "
        "doi:10.2337/dc18-1581."
    ),
    licence=_LICENCE,
)
