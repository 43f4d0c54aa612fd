"""Blood pressure: the mean arterial pressure of one reading, and the average of a week at home."""

from collections.abc import Iterable

from observations.scripts.library.definition import (
    DAY,
    INTERPRETATION,
    Json,
    LibraryScript,
    all_within,
    case,
    latest,
    no_result,
    number,
    records,
)

_PARTS = {"systolic": "8480-6", "diastolic": "8462-4"}
_TIMED = ("systolic", "diastolic", "hours", "day")

MEAN_ARTERIAL_PRESSURE = LibraryScript(
    name="mean-arterial-pressure",
    title="Mean arterial pressure",
    code="8478-0",
    source="""\
# Of one reading: two thirds of the diastolic pressure and one of the systolic. The two cannot be the wrong way round.
bp_the_right_way_round = bp.systolic - bp.diastolic if bp.systolic >= bp.diastolic else None
result = bp.diastolic + bp_the_right_way_round / 3
""",
    inputs={"bp": latest("85354-9", DAY, fields=_PARTS)},
    outputs={"result": number("8478-0", "mm[Hg]")},
    test_cases=[
        case("Sesso 2000: 120/90", {"bp": {"systolic": 120, "diastolic": 90}}, 100),
        case("Sesso 2000: 120/60", {"bp": {"systolic": 120, "diastolic": 60}}, 80),
        case("Sesso 2000: 100/100", {"bp": {"systolic": 100, "diastolic": 100}}, 100),
        no_result("the wrong way round", {"bp": {"systolic": 80, "diastolic": 120}}),
        no_result("no reading", {"bp": None}),
    ],
    summary=(
        "Diastolic pressure and a third of the pulse pressure, in mmHg, of one reading with both. An "
        "estimate: a monitor that measures the mean gives another value."
    ),
    source_reference=(
        "Sesso HD, Stampfer MJ, Rosner B, et al. Systolic and diastolic blood pressure, pulse pressure, and "
        "mean arterial pressure as predictors of cardiovascular disease risk in men. Hypertension "
        "2000;36:801-807."
    ),
    licence="A formula in general use; no licence is known to be needed.",
)


def _week(days: Iterable[int], systolic: float = 130, diastolic: float = 80) -> list[Json]:
    """Two readings in the morning and two in the evening of each day, counted back from the last evening."""
    hours = (12.0, 11.9, 0.1, 0.0)
    return records(_TIMED, *((systolic, diastolic, 24 * day + hour, day) for day in days for hour in hours))


def _average(systolic: float, diastolic: float, readings: int, interpretation: str = "normal") -> Json:
    return {
        "systolic": systolic,
        "diastolic": diastolic,
        "readings": readings,
        "interpretation": interpretation,
    }


HOME_BLOOD_PRESSURE = LibraryScript(
    name="home-blood-pressure-7d",
    title="Blood pressure at home: average of 7 days",
    code="96607-7",
    source="""\
# The first of the seven calendar days is left out (ESH 2021, NICE NG136).
readings_of_7_days = [r.day for r in readings if r.day <= 6]
first = max(readings_of_7_days)
kept = [r for r in readings if r.day < first]
days = [r.day for r in kept]
# NICE: at least four days, two readings twice a day; without the first day twelve readings of three days.
enough = len(kept) >= 12 and len([d for d in [0, 1, 2, 3, 4, 5] if d in days]) >= 3
readings_12_of_3_days = kept if enough else None
systolic = mean([r.systolic for r in readings_12_of_3_days])
diastolic = mean([r.diastolic for r in kept])
high = systolic >= 135 or diastolic >= 85
urgency = "abnormal" if high else "normal"
result = {"systolic": systolic, "diastolic": diastolic, "readings": len(kept), "interpretation": urgency}
""",
    inputs={"readings": all_within("85354-9", 7 * DAY, fields=_PARTS, timed=True)},
    outputs={
        "systolic": number("96608-5", "mm[Hg]"),
        "diastolic": number("96609-3", "mm[Hg]"),
        "readings": number("blood-pressure-readings-7d", "1"),
        "interpretation": INTERPRETATION,
    },
    test_cases=[
        case(
            "ESH 2021: seven days, the first left out",
            {"readings": [*_week([6], 180, 110), *_week([5, 4, 3, 2, 1, 0])]},
            _average(130, 80, 24),
        ),
        case(
            "NICE NG136: four days, the first left out",
            {"readings": [*_week([3], 180, 110), *_week([2, 1, 0])]},
            _average(130, 80, 12),
        ),
        case(
            "days without a reading do not matter",
            {"readings": [*_week([6], 180, 110), *_week([4, 2, 0])]},
            _average(130, 80, 12),
        ),
        case(
            "what is older than seven calendar days does not count, and is not the first day",
            {"readings": [*_week([7], 250, 150), *_week([6], 180, 110), *_week([5, 4, 3])]},
            _average(130, 80, 12),
        ),
        *(
            case(
                f"ESH 2021, 135/85: {systolic}/{diastolic}",
                {"readings": _week([3, 2, 1, 0], systolic, diastolic)},
                _average(systolic, diastolic, 12, interpretation),
            )
            for systolic, diastolic, interpretation in [
                (134.9, 84.9, "normal"),
                (135, 84.9, "abnormal"),
                (134.9, 85, "abnormal"),
                (150, 95, "abnormal"),
            ]
        ),
        no_result("NICE NG136: three days are too few", {"readings": _week([2, 1, 0])}),
        no_result("eleven readings are too few", {"readings": _week([3, 2, 1, 0])[:-1]}),
        no_result(
            "twelve readings of two days are too few",
            {"readings": [*_week([2]), *_week([1, 1, 0])]},
        ),
        no_result("no reading", {"readings": []}),
    ],
    summary=(
        "The averages of the last seven calendar days, the first day with readings left out. Not computable "
        "with fewer than 12 readings, or readings of fewer than 3 days, after that: NICE's least of four days "
        "with two readings in the morning and two in the evening. A script does not see the time of day: "
        "whether mornings and evenings are both there is not checked. With readings every day the seven days "
        "move on, and the oldest of them is left out each time."
    ),
    interpretation=(
        "Abnormal from 135 systolic or 85 diastolic on: hypertension by home readings (ESH 2021; NICE NG136). "
        "Neither names a critical average."
    ),
    source_reference=(
        "Stergiou GS, Palatini P, Parati G, et al. 2021 European Society of Hypertension practice guidelines "
        "for office and out-of-office blood pressure measurement. J Hypertens 2021;39:1293-1302. NICE "
        "guideline NG136: Hypertension in adults: diagnosis and management. London: NICE, 2019, updated 2023 "
        "(measuring blood pressure at home)."
    ),
    licence=(
        "Rules stated in guidelines under copyright of their publishers; nothing of their text is used, and "
        "no licence for the rules is known to be needed."
    ),
)
