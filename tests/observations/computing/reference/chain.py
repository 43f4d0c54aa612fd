"""Scripts that read each other's results, each with the same thing in plain Python beside its source."""

from tests.observations.computing.reference.seeing import NOTE, Fails, NotComputable, Seen
from tests.observations.computing.reference.version import (
    FIRST,
    GLUCOSE,
    MEANING,
    Given,
    Version,
    hours,
)
from tests.observations.scripts.writing import PULSE, reads, reads_script

# A chain of three: one that fails and is not computable by chance, one that reads all its results, one that reads two others.


def _sugar(seen: Seen) -> Given:
    values = seen.all("values", GLUCOSE, 24)
    seen.require()
    middle = sum(values) / len(values)
    if middle > 250:
        raise NotComputable("no value for result")
    if values[-1] == 100:
        raise Fails
    return {"result": middle}


def _sugar_mended(seen: Seen) -> Given:
    values = seen.all("values", GLUCOSE, 24)
    seen.require()
    return {"result": max(values)}


def _trend(seen: Seen) -> Given:
    sugars = seen.results_of("sugars", "sugar", "result", 48, missing=[])
    return {"number": len(sugars), "middle": sum(sugars) / len(sugars) if sugars else 0}


def _trend_of_the_last(seen: Seen) -> Given:
    sugar = seen.latest_of("sugar", "sugar", "result", 12)
    pulses = seen.all("pulses", PULSE, 6, missing=[])
    seen.require()
    return {"number": len(pulses), "middle": sugar}


def _alarm(seen: Seen) -> Given:
    number = seen.latest_of("number", "trend", "number", 36, missing=-1)
    levels = seen.results_of("levels", "level", "level", 24, missing=[])
    start = seen.first("start", GLUCOSE, missing=0)
    note = seen.latest("note", NOTE, 12, missing=None)
    return {
        "result": number * 1000 + len(levels) + start,
        "note": "nothing" if note is None else note,
        "meaning": "critical" if number >= 3 else "normal",
    }


SUGARS = (
    Version(
        "middle = mean(values)\nif middle > 250:\n    result = None\nelif values[-1] == 100:\n"
        "    result = 1 / (values[-1] - 100)\nelse:\n    result = middle",
        {"values": hours(reads(GLUCOSE, "all_within"), 24)},
        _sugar,
    ),
    # Of the same sources, as most mended versions are.
    Version("result = max(values)", {"values": hours(reads(GLUCOSE, "all_within"), 24)}, _sugar_mended),
)
TRENDS = (
    Version(
        "result = {'number': len(sugars), 'middle': 0 if len(sugars) == 0 else mean(sugars)}",
        {"sugars": hours(reads_script("sugar", "all_within", missing="none"), 48)},
        _trend,
        ("number", "middle"),
    ),
    Version(
        "result = {'number': len(pulses), 'middle': sugar}",
        {
            "sugar": hours(reads_script("sugar"), 12),
            "pulses": hours(reads(PULSE, "all_within", missing="none"), 6),
        },
        _trend_of_the_last,
        ("number", "middle"),
    ),
)
ALARMS = (
    Version(
        "result = {'result': number * 1000 + len(levels) + start, 'note': 'nothing' if note is None else note,"
        " 'meaning': 'critical' if number >= 3 else 'normal'}",
        {
            "number": hours(reads_script("trend", output="number", missing="default", default=-1), 36),
            "levels": hours(reads_script("level", "all_within", output="level", missing="none"), 24),
            "start": {"code": GLUCOSE, "how": FIRST, "missing": "default", "default": 0},
            "note": hours(reads(NOTE, missing="none"), 12),
        },
        _alarm,
        others={"note": {"kind": "text", "code": "the-note"}, **MEANING},
    ),
)
