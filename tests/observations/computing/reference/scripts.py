"""Scripts that read measurements and facts, each with the same thing in plain Python beside its source."""

from tests.observations.computing.reference.seeing import NotComputable, Seen
from tests.observations.computing.reference.version import (
    DIASTOLIC,
    FIRST,
    INTEREST,
    MEAL,
    MEANING,
    MOOD,
    PHQ_9,
    PRESSURE,
    SYSTOLIC,
    TEMPERATURE,
    Given,
    Version,
    fact,
    hours,
)
from tests.observations.scripts.writing import PULSE, WEIGHT, reads

# Levels: the latest reading, which may be stale; facts with a default and without; other inputs in each version.


def _meaning(level: float) -> str:
    if level > 150:
        return "critical"
    return "abnormal" if level > 90 else "normal"


_LEVEL = """
if level > 150:
    meaning = "critical"
elif level > 90:
    meaning = "abnormal"
else:
    meaning = "normal"
result = {"level": level, "meaning": meaning}
"""


def _level_by_pulse(seen: Seen) -> Given:
    pulse = seen.latest("pulse", PULSE, 24, stale=12)
    scale = seen.fact("scale", "spo2_scale", missing=1)
    seen.require()
    return {"level": pulse * scale, "meaning": _meaning(pulse * scale)}


def _level_by_mean(seen: Seen) -> Given:
    pulses = seen.all("pulses", PULSE, 48)
    heat = seen.latest("heat", TEMPERATURE, 12, missing=None)
    seen.require()
    level = sum(pulses) / len(pulses) + (0 if heat is None else heat)
    return {"level": level, "meaning": _meaning(level)}


def _level_by_weight(seen: Seen) -> Given:
    weight = seen.latest("weight", WEIGHT, 24, missing=80)
    sex = seen.fact("sex", "sex", missing=None)
    meal = seen.latest("meal", MEAL, 18, missing=False)
    level = weight + (20 if sex == "female" else 0) + (40 if meal else 0)
    return {"level": level, "meaning": _meaning(level)}


LEVEL = (
    Version(
        f"level = pulse * scale{_LEVEL}",
        {
            "pulse": hours(reads(PULSE, stale_after_seconds=12 * 3600), 24),
            "scale": fact("spo2_scale", missing="default", default=1),
        },
        _level_by_pulse,
        ("level",),
        MEANING,
    ),
    Version(
        f"level = mean(pulses) + (0 if heat is None else heat){_LEVEL}",
        {
            "pulses": hours(reads(PULSE, "all_within"), 48),
            "heat": hours(reads(TEMPERATURE, missing="none"), 12),
        },
        _level_by_mean,
        ("level",),
        MEANING,
    ),
    Version(
        "extra = 0\nif sex is not None and sex == 'female':\n    extra = 20\n"
        f"level = weight + extra + (40 if meal else 0){_LEVEL}",
        {
            "weight": hours(reads(WEIGHT, missing="default", default=80), 24),
            "sex": fact("sex", missing="none"),
            "meal": hours(reads(MEAL, missing="default", default=False), 18),
        },
        _level_by_weight,
        ("level",),
        MEANING,
    ),
)

# Blood pressure: a panel as a record, and the same components read by themselves, each also where it was measured alone.


def _pressure_of_panels(seen: Seen) -> Given:
    both = seen.latest("both", PRESSURE, 24, fields={"high": SYSTOLIC, "low": DIASTOLIC})
    seen.require()
    if both["high"] is None:
        raise NotComputable("no value for both.high")
    if both["low"] is None:
        raise NotComputable("no value for result.mean")
    return {"mean": (both["high"] + 2 * both["low"]) / 3, "class": "high" if both["high"] > 140 else "low"}


def _pressure_of_components(seen: Seen) -> Given:
    high = seen.latest("high", SYSTOLIC, 24)
    lows = seen.all("lows", DIASTOLIC, 36)
    seen.require()
    return {"mean": (high + 2 * sum(lows) / len(lows)) / 3, "class": "high" if high > 140 else "low"}


_CLASS = {"class": {"kind": "coded", "code": "the-class", "answers": ["high", "low"]}}

PRESSURES = (
    Version(
        "word = 'high' if both.high > 140 else 'low'\n"
        "if both.low is None:\n    result = {'mean': None, 'class': word}\n"
        "else:\n    result = {'mean': (both.high + 2 * both.low) / 3, 'class': word}",
        {"both": hours(reads(PRESSURE, fields={"high": SYSTOLIC, "low": DIASTOLIC}), 24)},
        _pressure_of_panels,
        ("mean",),
        _CLASS,
    ),
    Version(
        "result = {'mean': (high + 2 * mean(lows)) / 3, 'class': 'high' if high > 140 else 'low'}",
        {"high": hours(reads(SYSTOLIC), 24), "lows": hours(reads(DIASTOLIC, "all_within"), 36)},
        _pressure_of_components,
        ("mean",),
        _CLASS,
    ),
)

# Answers: their scores, of a questionnaire's items and of an item asked alone.


def _mood(seen: Seen) -> Given:
    sheet = seen.latest(
        "sheet", PHQ_9, 72, stale=48, take="score", missing=None, fields={"interest": INTEREST, "mood": MOOD}
    )
    items = seen.all("items", INTEREST, 48, take="score", missing=[])
    last = seen.latest("last", INTEREST, 48, missing="none")
    total = sum(items)
    if sheet is not None:
        total += 10 * (sheet["interest"] or 0) + 100 * (sheet["mood"] or 0)
    return {"result": total, "last": last}


MOODS = (
    Version(
        "a = 0 if sheet.interest is None else sheet.interest\nb = 0 if sheet.mood is None else sheet.mood\n"
        "result = {'result': sum(items) + 10 * a + 100 * b, 'last': last}",
        {
            "sheet": hours(
                reads(
                    PHQ_9,
                    missing="none",
                    take="score",
                    fields={"interest": INTEREST, "mood": MOOD},
                    stale_after_seconds=48 * 3600,
                ),
                72,
            ),
            "items": hours(reads(INTEREST, "all_within", take="score", missing="none"), 48),
            "last": hours(reads(INTEREST, missing="default", default="none"), 48),
        },
        _mood,
        others={"last": {"kind": "text", "code": "the-last"}},
    ),
)

# Temperatures with their times, in a unit that is not the canonical one.


def _heat(seen: Seen) -> Given:
    heats = seen.timed("heats", TEMPERATURE, 48, unit="[degF]")
    seen.require()
    today = [value for value, _, day, _ in heats if day == 0]
    return {"today": sum(today), "oldest": max(hours for _, hours, _, _ in heats), "days": heats[0][2]}


def _heat_of_a_day(seen: Seen) -> Given:
    heats = seen.timed("heats", TEMPERATURE, 24)
    seen.require()
    before = [value for value, hours, _, _ in heats if hours > 0]
    return {"today": heats[-1][0], "oldest": max([0, *before]), "days": len(heats)}


def _heat_of_mornings(seen: Seen) -> Given:
    heats = seen.timed("heats", TEMPERATURE, 72)
    seen.require()
    mornings = [value for value, _, _, clock in heats if 6 <= clock < 12]
    return {"today": round(heats[-1][3], 6), "oldest": sum(mornings), "days": len(mornings)}


HEATS = (
    Version(
        "result = {'today': sum([h.value for h in heats if h.day == 0]), 'oldest': max([h.hours for h in heats]),"
        " 'days': heats[0].day}",
        {"heats": hours(reads(TEMPERATURE, "all_within", unit="[degF]", timed=True), 48)},
        _heat,
        ("today", "oldest", "days"),
    ),
    Version(
        "before = [h.value for h in heats if h.hours > 0]\n"
        "result = {'today': heats[-1].value, 'oldest': 0 if len(before) == 0 else max(before), 'days': len(heats)}",
        {"heats": hours(reads(TEMPERATURE, "all_within", timed=True), 24)},
        _heat_of_a_day,
        ("today", "oldest", "days"),
    ),
    Version(
        "mornings = [h.value for h in heats if h.local_hour >= 6 and h.local_hour < 12]\n"
        "result = {'today': round(heats[-1].local_hour, 6), 'oldest': sum(mornings), 'days': len(mornings)}",
        {"heats": hours(reads(TEMPERATURE, "all_within", timed=True), 72)},
        _heat_of_mornings,
        ("today", "oldest", "days"),
    ),
)

# Weight since the activation, and the age.


def _gain(seen: Seen) -> Given:
    now = seen.latest("now", WEIGHT, 48, unit="[lb_av]")
    first = seen.first("first", WEIGHT)
    age = seen.fact("age", "age", missing=None)
    seen.require()
    return {"result": now - first + (0 if age is None else 1000 * age)}


GAINS = (
    Version(
        "result = now - first + (0 if age is None else 1000 * age)",
        {
            "now": hours(reads(WEIGHT, unit="[lb_av]"), 48),
            "first": {"code": WEIGHT, "how": FIRST},
            "age": fact("age", missing="none"),
        },
        _gain,
    ),
)


def _profile(seen: Seen) -> Given:
    sex = seen.fact("sex", "sex")
    age = seen.fact("age", "age")
    seen.latest("weight", WEIGHT, 24, missing=None)
    seen.latest("meal", MEAL, 24, stale=6)
    seen.require()
    return {"sex": sex, "old": age >= 70}


PROFILES = (
    Version(
        "result = {'sex': sex, 'old': age >= 70}",
        {
            "sex": fact("sex"),
            "age": fact("age"),
            "weight": hours(reads(WEIGHT, missing="none"), 24),
            "meal": hours(reads(MEAL, stale_after_seconds=6 * 3600), 24),
        },
        _profile,
        (),
        {"sex": {"kind": "text", "code": "the-sex"}, "old": {"kind": "boolean", "code": "is-old"}},
    ),
)
