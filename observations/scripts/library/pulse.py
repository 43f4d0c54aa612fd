"""The trend of the pulse over a day."""

from datetime import timedelta

from observations.scripts.library.definition import (
    Json,
    LibraryScript,
    all_within,
    case,
    no_result,
    number,
    records,
)


def _pulse(*readings: tuple[float, float]) -> Json:
    """Readings as (hours before the result, value), the oldest first."""
    return {"pulse": records(("value", "hours", "day"), *((value, hours, 0) for hours, value in readings))}


PULSE_TREND = LibraryScript(
    name="pulse-trend-24h",
    title="Pulse: trend over 24 hours",
    code="pulse-trend-24h",
    source="""\
# The slope of the straight line with the least squares, in beats per minute and hour; upwards is above 0.
hours = [r.hours for r in pulse]
enough = len(hours) >= 6 and max(hours) - min(hours) >= 12
pulse_6_times_in_12_hours = pulse if enough else None
level = mean([r.value for r in pulse_6_times_in_12_hours])
centre = mean(hours)
spread = sum([(h - centre) ** 2 for h in hours])
# Hours are counted back from the result: a pulse that rises is lower the more of them.
result = sum([(centre - r.hours) * (r.value - level) for r in pulse]) / spread
""",
    inputs={"pulse": all_within("8867-4", timedelta(hours=24), timed=True)},
    outputs={"result": number("pulse-trend-24h", "/min/h")},
    test_cases=[
        case("a level pulse", _pulse((20, 70), (16, 70), (12, 70), (8, 70), (4, 70), (0, 70)), 0),
        case("2 more each hour", _pulse((20, 60), (16, 68), (12, 76), (8, 84), (4, 92), (0, 100)), 2),
        case(
            "half a beat less each hour",
            _pulse((12, 76), (9, 74.5), (6, 73), (4, 72), (2, 71), (0, 70)),
            -0.5,
        ),
        # About the middle, 10 hours back: 280 is the sum of squares, 112 that of products.
        case(
            "scattered about the line", _pulse((20, 70), (16, 75), (12, 69), (8, 78), (4, 74), (0, 80)), 0.4
        ),
        no_result("five readings are too few", _pulse((20, 70), (15, 70), (10, 70), (5, 70), (0, 70))),
        no_result(
            "less than 12 hours are too short",
            _pulse((11.9, 70), (9, 71), (6, 72), (4, 73), (2, 74), (0, 75)),
        ),
        case("12 hours are long enough", _pulse((12, 58), (9, 61), (6, 64), (4, 66), (2, 68), (0, 70)), 1),
        no_result("no reading", {"pulse": []}),
    ],
    summary=(
        "The slope of the least-squares line through all readings of the last 24 hours, in /min per hour. Not "
        "computable with fewer than 6 readings or when they span less than 12 hours, so that two readings "
        "close together make no trend, nor with more than 1,000 readings: choices of ours."
    ),
    source_reference=(
        "Draper NR, Smith H. Applied Regression Analysis. 3rd ed. New York: Wiley, 1998 (chapter 1, least "
        "squares)."
    ),
    licence="A general method; no licence is needed.",
)
