"""A draft to edit, for the tests of its page."""

from django.urls import reverse

from observations.models import Code, ObservationScript, ScriptVersion

SOURCE = """\
# Pulse over systolic pressure.
ratio = pulse / bp.systolic
if ratio > 0.9:
    risk = "high"
else:
    risk = "low"
result = {"ratio": ratio, "risk": risk}
"""
INPUTS = {
    "pulse": {"code": "8867-4", "how": "latest", "window_seconds": 86_400},
    "bp": {"code": "85354-9", "how": "latest", "window_seconds": 7_200, "fields": {"systolic": "8480-6"}},
}
OUTPUTS = {
    "ratio": {"code": "glucose-mean-7d"},
    "risk": {"kind": "coded", "code": "glucose-7d", "answers": ["low", "high"]},
}
CASES = [
    {
        "name": "calm",
        "inputs": {"pulse": 60, "bp": {"systolic": 120}},
        "expected": {"ratio": 0.5, "risk": "low"},
    },
    {"inputs": {"pulse": None, "bp": {"systolic": 120}}, "not_computable": "no value for pulse"},
]


def draft() -> ScriptVersion:
    script = ObservationScript.objects.create(name="shock-index", title="Shock index")
    return ScriptVersion.objects.create(
        script=script,
        number=1,
        source=SOURCE,
        inputs=INPUTS,
        outputs=OUTPUTS,
        test_cases=CASES,
        code=Code.objects.get(code="glucose-7d"),
    )


def page_of(version: ScriptVersion) -> str:
    return reverse("admin:observations_scriptversion_edit", args=[version.pk])
