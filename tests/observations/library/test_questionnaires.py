"""PHQ-9 and CAT against plain sums and the published bands."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations.library.running import BY_NAME, agree, result


def answers(script: str, scores: list[int]) -> dict[str, Any]:
    names = BY_NAME[script].inputs["answers"]["fields"]
    return {"answers": dict(zip(names, scores, strict=True))}


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9))
@settings(max_examples=500, deadline=None)
def test_phq_9_is_the_sum_with_its_severity_and_the_last_question(scores: list[int]) -> None:
    total, self_harm = sum(scores), scores[8] != 0
    bands = [(5, "minimal"), (10, "mild"), (15, "moderate"), (20, "moderately-severe"), (28, "severe")]
    expected = {
        "score": total,
        "severity": next(name for beyond, name in bands if total < beyond),
        "self_harm": self_harm,
        "interpretation": "abnormal" if total > 9 or self_harm else "normal",
    }
    assert agree(result("phq-9", answers("phq-9", scores)), expected)


@given(st.lists(st.integers(0, 5), min_size=8, max_size=8))
@settings(max_examples=500, deadline=None)
def test_cat_is_the_sum_with_its_impact(scores: list[int]) -> None:
    total = sum(scores)
    bands = [(10, "low"), (21, "medium"), (31, "high"), (41, "very-high")]
    expected = {
        "score": total,
        "impact": next(name for beyond, name in bands if total < beyond),
        "interpretation": "normal" if total < 10 else "abnormal",
    }
    assert agree(result("cat", answers("cat", scores)), expected)
