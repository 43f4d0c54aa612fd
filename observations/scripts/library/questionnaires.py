"""Questionnaires: PHQ-9 for depression, and CAT for COPD. Their answers count what the catalogue says."""

from collections.abc import Sequence

from observations.scripts.library.definition import (
    DAY,
    INTERPRETATION,
    Json,
    LibraryScript,
    case,
    coded,
    latest,
    no_result,
    number,
)

_PHQ_9_ITEMS = {
    "interest": "44250-9",
    "mood": "44255-8",
    "sleep": "44259-0",
    "energy": "44254-1",
    "appetite": "44251-7",
    "self_worth": "44258-2",
    "concentration": "44252-5",
    "movement": "44253-3",
    "self_harm": "44260-8",
}


def _phq_9(*scores: int) -> Json:
    return {"answers": dict(zip(_PHQ_9_ITEMS, scores, strict=True))}


def _phq_9_of(total: int) -> Sequence[int]:
    """Answers that make a total of up to 24 without any to the last question."""
    return [*(min(3, max(0, total - 3 * item)) for item in range(8)), 0]


def _phq_9_result(score: int, severity: str, interpretation: str, *, self_harm: bool = False) -> Json:
    return {
        "score": score,
        "severity": severity,
        "self_harm": self_harm,
        "interpretation": interpretation,
    }


PHQ_9 = LibraryScript(
    name="phq-9",
    title="PHQ-9: score and severity",
    code="phq-9-result",
    source="""\
# Sum of the nine answers, each 0 to 3 (Kroenke, Spitzer, Williams 2001).
first = [answers.interest, answers.mood, answers.sleep, answers.energy, answers.appetite]
last = [answers.self_worth, answers.concentration, answers.movement, answers.self_harm]
score = sum(first) + sum(last)
bands = ["minimal", "mild", "moderate", "moderately-severe", "severe"]
severity = band(score, [4, 9, 14, 19], bands)
# Any answer but 'not at all' to the ninth question is to be followed up, whatever the score.
self_harm = answers.self_harm > 0
urgency = "abnormal" if score >= 10 or self_harm else "normal"
result = {"score": score, "severity": severity, "self_harm": self_harm, "interpretation": urgency}
""",
    inputs={"answers": latest("44249-1", DAY, fields=_PHQ_9_ITEMS, take="score")},
    outputs={
        "score": number("44261-6", "{score}"),
        "severity": coded("phq-9-severity", "minimal", "mild", "moderate", "moderately-severe", "severe"),
        "self_harm": {"kind": "boolean", "code": "phq-9-self-harm"},
        "interpretation": INTERPRETATION,
    },
    test_cases=[
        *(
            case(
                f"Kroenke 2001, severity: {total}",
                _phq_9(*_phq_9_of(total)),
                _phq_9_result(total, severity, interpretation),
            )
            for total, severity, interpretation in [
                (0, "minimal", "normal"),
                (4, "minimal", "normal"),
                (5, "mild", "normal"),
                (9, "mild", "normal"),
                (10, "moderate", "abnormal"),
                (14, "moderate", "abnormal"),
                (15, "moderately-severe", "abnormal"),
                (19, "moderately-severe", "abnormal"),
                (20, "severe", "abnormal"),
                (24, "severe", "abnormal"),
            ]
        ),
        case(
            "Kroenke 2001: the highest",
            _phq_9(*[3] * 9),
            _phq_9_result(27, "severe", "abnormal", self_harm=True),
        ),
        case(
            "the ninth question alone",
            _phq_9(0, 0, 0, 0, 0, 0, 0, 0, 1),
            _phq_9_result(1, "minimal", "abnormal", self_harm=True),
        ),
        case("each question counts", _phq_9(1, 1, 1, 1, 1, 1, 1, 1, 0), _phq_9_result(8, "mild", "normal")),
        no_result("an answer that is missing", {"answers": _phq_9(*[1] * 9)["answers"] | {"sleep": None}}),
    ],
    summary=(
        "The sum of the nine answers, 0 to 27; its severity; and by itself whether the ninth question "
        "(thoughts of death or self-harm) was answered with anything but 'not at all'. Of one questionnaire, "
        "as of its own time."
    ),
    interpretation=(
        "Abnormal from 10 points on, the cut-off for major depression (Kroenke 2001), and whenever the ninth "
        "question is answered with anything but 'not at all', which asks for a person to follow up. No "
        "critical limit is published."
    ),
    source_reference=(
        "Kroenke K, Spitzer RL, Williams JBW. The PHQ-9: validity of a brief depression severity measure. J "
        "Gen Intern Med 2001;16:606-613. doi:10.1046/j.1525-1497.2001.016009606.x."
    ),
    licence=(
        "Developed by Spitzer, Williams, Kroenke and colleagues with a grant from Pfizer Inc. The instrument "
        "itself says that no permission is required to reproduce, translate, display or distribute it."
    ),
)

_CAT_ITEMS = {f"item_{number_}": f"cat-{number_}" for number_ in range(1, 9)}


def _cat(*scores: int) -> Json:
    return {"answers": dict(zip(_CAT_ITEMS, scores, strict=True))}


def _cat_of(total: int) -> Sequence[int]:
    return [min(5, max(0, total - 5 * item)) for item in range(8)]


CAT = LibraryScript(
    name="cat",
    title="CAT: COPD Assessment Test, score and impact",
    code="cat-result",
    source="""\
# Sum of the eight answers, each 0 to 5 (Jones et al. 2009).
first = [answers.item_1, answers.item_2, answers.item_3, answers.item_4]
last = [answers.item_5, answers.item_6, answers.item_7, answers.item_8]
score = sum(first) + sum(last)
impact = band(score, [9, 20, 30], ["low", "medium", "high", "very-high"])
result = {"score": score, "impact": impact, "interpretation": "abnormal" if score >= 10 else "normal"}
""",
    inputs={"answers": latest("cat", DAY, fields=_CAT_ITEMS, take="score")},
    outputs={
        "score": number("cat-score", "{score}"),
        "impact": coded("cat-impact", "low", "medium", "high", "very-high"),
        "interpretation": INTERPRETATION,
    },
    test_cases=[
        *(
            case(
                f"Jones 2011, impact: {total}",
                _cat(*_cat_of(total)),
                {
                    "score": total,
                    "impact": impact,
                    "interpretation": "normal" if impact == "low" else "abnormal",
                },
            )
            for total, impact in [
                (0, "low"),
                (9, "low"),
                (10, "medium"),
                (20, "medium"),
                (21, "high"),
                (30, "high"),
                (31, "very-high"),
                (40, "very-high"),
            ]
        ),
        case(
            "each item counts",
            _cat(*[1] * 8),
            {"score": 8, "impact": "low", "interpretation": "normal"},
        ),
        no_result("an item that is missing", {"answers": _cat(*[1] * 8)["answers"] | {"item_8": None}}),
    ],
    summary=(
        "The sum of the eight items, 0 to 40, and the impact of COPD on the patient's life. Of one "
        "questionnaire, as of its own time."
    ),
    interpretation=(
        "Abnormal from 10 points on: more symptoms, by the Global Initiative for Chronic Obstructive Lung "
        "Disease (GOLD). No source names a critical one."
    ),
    source_reference=(
        "Jones PW, Harding G, Berry P, et al. Development and first validation of the COPD Assessment Test. "
        "Eur Respir J 2009;34:648-654. doi:10.1183/09031936.00102509. Impact: Jones PW, Tabberer M, Chen WH. "
        "Creating scenarios of the impact of COPD and their relationship to COPD Assessment Test scores. BMC "
        "Pulm Med 2011;11:42."
    ),
    licence=(
        "Copyright and trademark of the GlaxoSmithKline group of companies; use of the questionnaire needs "
        "its permission. What is here is the numbers of the items and the arithmetic, none of the wording. "
        "Clarify the terms before use."
    ),
)
