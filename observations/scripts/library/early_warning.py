"""What the early warning scores have in common: the observations that they read, and how a test case of theirs is made."""

from collections.abc import Iterator, Mapping

from observations.scripts.library.definition import DAY, HOUR, Json, fresh

# LOINC's answers; those of AVPU, and 'confused' for the C of ACVPU.
ALERT, CONFUSED, VOICE, PAIN, UNRESPONSIVE = "LA9340-6", "LA6560-2", "LA17108-4", "LA17107-6", "LA9343-0"
# 12 hours is the longest that NEWS2 lets pass between two sets of observations: what is older belongs to another set.
SET = (DAY, 12 * HOUR)
OBSERVATIONS: Json = {
    "respiration_rate": fresh("9279-1", *SET),
    "systolic_bp": fresh("8480-6", *SET),
    "pulse": fresh("8867-4", *SET),
    "consciousness": fresh("80288-4", *SET),
    "temperature": fresh("8310-5", *SET),
}
WINDOWS = (
    "Reads the newest of each observation within 24 hours; one older than 12 hours is stale, as 12 hours is the longest that "
    "the Royal College of Physicians lets pass between two sets. Values are rounded to the steps of the chart: temperature to "
    "0.1, all others to whole numbers."
)
NORMAL: Json = {
    "respiration_rate": 14,
    "systolic_bp": 120,
    "pulse": 70,
    "consciousness": ALERT,
    "temperature": 37.0,
}
# What test cases are called by.
_WORDS = {ALERT: "alert", CONFUSED: "confused", VOICE: "voice", PAIN: "pain", UNRESPONSIVE: "unresponsive"}


def at_the_edges(points: Mapping[str, Mapping[float | str, int]]) -> Iterator[tuple[Json, int]]:
    """Each parameter's values with the points that the publication gives for them, as what a test case changes."""
    for name, of_values in points.items():
        for value, its_points in of_values.items():
            yield {name: value}, its_points


def described(changed: Json) -> str:
    """What a test case changes, in words."""
    return ", ".join(
        f"{name.replace('_', ' ')} {_WORDS.get(value, value)}" for name, value in changed.items()
    )
