"""Body weight: body mass index, its classes, and the gain that people with heart failure are told to watch for."""

from datetime import timedelta

from observations.scripts.library.definition import (
    DAY,
    INTERPRETATION,
    LibraryScript,
    all_within,
    case,
    coded,
    fact,
    latest,
    no_result,
    number,
    records,
)

_WHO = (
    "World Health Organization. Obesity: preventing and managing the global epidemic. Report of a WHO consultation. WHO Technical "
    "Report Series 894. Geneva: WHO, 2000 (table 2.1)."
)
_FORMULA = "A formula and limits in general use; no licence is known to be needed."
_GROWN_UP = timedelta(days=5 * 365)

BMI = LibraryScript(
    name="bmi",
    title="Body mass index",
    code="bmi",
    source="""\
# Weight in kg by the square of the height in m. The height may be years old: only of those who are grown up.
height_from_20_cm = height if height >= 20 else None
weight_above_0 = weight if weight > 0 else None
weight_from_18_years_on = weight_above_0 if age is None or age >= 18 else None
result = weight_from_18_years_on / (height_from_20_cm / 100) ** 2
""",
    inputs={
        "weight": latest("29463-7", 30 * DAY),
        "height": latest("8302-2", _GROWN_UP),
        "age": fact("age", missing="none"),
    },
    outputs={"result": number("39156-5", "kg/m2")},
    test_cases=[
        case("by definition: 50 kg at 1 m", {"weight": 50, "height": 100}, 50),
        case("by definition: 80 kg at 2 m", {"weight": 80, "height": 200, "age": 18}, 20),
        case("by definition: 72.25 kg at 1.70 m", {"weight": 72.25, "height": 170, "age": 40}, 25),
        no_result(
            "of those under 18 a height says nothing for long", {"weight": 50, "height": 150, "age": 17}
        ),
        no_result("a height below 20 cm is a mistake", {"weight": 50, "height": 1.75}),
        no_result("no height", {"weight": 50}, "no value for height"),
        no_result("no weight", {"height": 150}, "no value for weight"),
    ],
    summary=(
        "Weight by height squared, in kg/m2, from the newest weight within 30 days and the newest height "
        "within five years, which is as long as an adult's height may stand. Both are choices of ours. Not "
        "computable for those under 18; computed where the age is not known."
    ),
    source_reference=_WHO,
    licence=_FORMULA,
)

BMI_CLASS = LibraryScript(
    name="bmi-class",
    title="Body mass index: WHO class",
    code="bmi-class",
    source="""\
# WHO's classes of adults; its tables go to two decimals.
classes = ["underweight", "normal", "pre-obese", "obese-1", "obese-2", "obese-3"]
bmi_from_20_years_on = bmi if age >= 20 else None
weight_class = band(round(bmi_from_20_years_on, 2), [18.49, 24.99, 29.99, 34.99, 39.99], classes)
result = {"class": weight_class, "interpretation": "normal" if weight_class == "normal" else "abnormal"}
""",
    inputs={
        "bmi": {"script": "bmi", "output": "result", "how": "latest", "window_seconds": 86400},
        "age": fact("age"),
    },
    outputs={
        "class": coded("bmi-class", "underweight", "normal", "pre-obese", "obese-1", "obese-2", "obese-3"),
        "interpretation": INTERPRETATION,
    },
    test_cases=[
        *(
            case(
                f"WHO TRS 894, table 2.1: {bmi}",
                {"bmi": bmi, "age": 40},
                {
                    "class": weight_class,
                    "interpretation": "normal" if weight_class == "normal" else "abnormal",
                },
            )
            for bmi, weight_class in [
                (15, "underweight"),
                (18.49, "underweight"),
                (18.5, "normal"),
                (24.99, "normal"),
                (24.994, "normal"),
                (24.996, "pre-obese"),
                (25, "pre-obese"),
                (29.99, "pre-obese"),
                (30, "obese-1"),
                (34.99, "obese-1"),
                (35, "obese-2"),
                (39.99, "obese-2"),
                (40, "obese-3"),
            ]
        ),
        case(
            "WHO: adults from 20 on", {"bmi": 22, "age": 20}, {"class": "normal", "interpretation": "normal"}
        ),
        no_result("WHO: children and adolescents have classes by age", {"bmi": 22, "age": 19}),
        no_result("an age that is not known", {"bmi": 22}, "no value for age"),
    ],
    summary=(
        "WHO's class of the body mass index of adults from 20 years on. Reads the results of the script bmi, "
        "and the age, which must be known: below 20 the classes go by age and sex."
    ),
    interpretation=(
        "Abnormal outside 18.50 to 24.99 kg/m2: WHO. No source names a critical one. For some populations "
        "lower limits are in use (WHO expert consultation, Lancet 2004;363:157)."
    ),
    source_reference=_WHO,
    licence=_FORMULA,
)

_TIMED = ("value", "hours", "day")

WEIGHT_GAIN = LibraryScript(
    name="weight-gain-3d",
    title="Weight gain over 3 days",
    code="weight-gain-3d",
    source="""\
# The newest weight above the lowest of the three calendar days before it.
weights_of_the_3_days_before = [w.value for w in weights if w.day >= 1 and w.day <= 3]
gain = weights[-1].value - min(weights_of_the_3_days_before)
# Scales show steps of 0.01 kg at the finest: 82.3 - 80.3 must not be more than 2.
result = {"gain": gain, "interpretation": "abnormal" if round(gain, 2) > 2 else "normal"}
""",
    inputs={"weights": all_within("29463-7", 4 * DAY, timed=True)},
    outputs={"gain": number("weight-gain-3d", "kg"), "interpretation": INTERPRETATION},
    test_cases=[
        case(
            "ESC 2021: 2 kg in 3 days is not more than 2 kg",
            {"weights": records(_TIMED, (80.3, 72, 3), (82.3, 0, 0))},
            {"gain": 2, "interpretation": "normal"},
        ),
        case(
            "ESC 2021: 2.1 kg in 3 days",
            {"weights": records(_TIMED, (80, 72, 3), (80.5, 48, 2), (81, 24, 1), (82.1, 0, 0))},
            {"gain": 2.1, "interpretation": "abnormal"},
        ),
        case(
            "ESC 2021: 2.1 kg in 1 day",
            {"weights": records(_TIMED, (80, 24, 1), (82.1, 0, 0))},
            {"gain": 2.1, "interpretation": "abnormal"},
        ),
        case(
            "what was lost before does not count against what was gained",
            {"weights": records(_TIMED, (84, 71, 3), (80, 25, 1), (82.5, 0, 0))},
            {"gain": 2.5, "interpretation": "abnormal"},
        ),
        case(
            "a loss is a negative gain",
            {"weights": records(_TIMED, (80, 47, 2), (78, 0, 0))},
            {"gain": -2, "interpretation": "normal"},
        ),
        case(
            "of several weights of a day the newest counts, and the others do not",
            {"weights": records(_TIMED, (80, 30, 1), (77, 10, 0), (81, 0, 0))},
            {"gain": 1, "interpretation": "normal"},
        ),
        case(
            "four days ago does not count",
            {"weights": records(_TIMED, (70, 95, 4), (80, 24, 1), (81, 0, 0))},
            {"gain": 1, "interpretation": "normal"},
        ),
        no_result(
            "no weight of the days before",
            {"weights": records(_TIMED, (70, 95, 4), (79, 5, 0), (80, 0, 0))},
            "no value for weights_of_the_3_days_before",
        ),
    ],
    summary=(
        "The newest weight less the lowest of the three calendar days before it, in kg; negative after a "
        "loss. Not computable without a weight of one of those days. Two weights of the same day are not "
        "compared."
    ),
    interpretation=(
        "Abnormal above 2 kg: the gain in 3 days at which the European Society of Cardiology has people with "
        "heart failure turn to their care team. No source names a critical one."
    ),
    source_reference=(
        "McDonagh TA, Metra M, Adamo M, et al. 2021 ESC Guidelines for the diagnosis and treatment of acute "
        "and chronic heart failure. Eur Heart J 2021;42:3599-3726. doi:10.1093/eurheartj/ehab368 (advice on "
        "self-care)."
    ),
    licence=(
        "A rule stated in a guideline under copyright of the European Society of Cardiology; nothing of its "
        "text is used, and no licence for the rule is known to be needed."
    ),
)
