import pytest

from observations.engine import Input, NotComputable, compile_script
from tests.observations.engine.news2 import NORMAL, SOURCE

SCRIPT = compile_script(SOURCE, NORMAL.keys())


@pytest.mark.parametrize(
    ("changes", "score", "risk"),
    [
        ({}, 0, "low"),
        ({"respiration_rate": 8}, 3, "low-medium"),
        ({"respiration_rate": 11, "temperature": 36.0}, 2, "low"),
        (
            {
                "respiration_rate": 25,
                "spo2": 91,
                "on_oxygen": True,
                "systolic_bp": 90,
                "pulse": 131,
                "consciousness": "V",
                "temperature": 39.1,
            },
            19,
            "high",
        ),
        ({"spo2_scale": 2, "spo2": 88}, 0, "low"),
        ({"spo2_scale": 2, "spo2": 97, "on_oxygen": True}, 5, "medium"),
        ({"spo2_scale": 2, "spo2": 97}, 0, "low"),
        ({"consciousness": "C"}, 3, "low-medium"),
        ({"respiration_rate": 21, "spo2": 95, "pulse": 91, "temperature": 38.1}, 5, "medium"),
        ({"systolic_bp": 220}, 3, "low-medium"),
        (
            {
                "respiration_rate": 22,
                "spo2": 94,
                "on_oxygen": True,
                "systolic_bp": 105,
                "pulse": 115,
                "temperature": 38.4,
            },
            9,
            "high",
        ),
    ],
)
def test_news2_scores_as_published(changes: dict[str, Input], score: int, risk: str) -> None:
    assert SCRIPT.run({**NORMAL, **changes}).value == {"score": score, "risk": risk}


@pytest.mark.parametrize("missing", sorted(NORMAL))
def test_news2_is_not_computable_without_any_one_of_its_readings(missing: str) -> None:
    with pytest.raises(NotComputable, match=f"^no value for {missing}$"):
        SCRIPT.run({**NORMAL, missing: None})
