"""OperationOutcomes: what became of something, or why nothing did."""

from collections.abc import Iterable, Sequence
from typing import Any

from observations.fhir.faults import join
from observations.fhir.storing import RETRACTED, RETRACTED_BEFORE, Result
from observations.fhir.terms import OUTCOMES, REFUSALS
from observations.intake import Outcome

Json = dict[str, Any]

# FHIR's own words for what our codes mean; whatever is not here is a value that is not right.
_ISSUE_TYPES = {
    "missing": "required",
    "empty": "required",
    "unit_missing": "required",
    "component_missing": "required",
    "time_zone_missing": "required",
    "date_without_time": "required",
    "unknown_code": "code-invalid",
    "unknown_answer": "code-invalid",
    "unknown_unit": "code-invalid",
    "unit_not_taken": "code-invalid",
    "unknown_component": "code-invalid",
    "wrong_unit": "code-invalid",
    "wrong_dimension": "code-invalid",
    "code_system_not_supported": "code-invalid",
    "unit_system_not_supported": "code-invalid",
    "unknown_patient": "not-found",
    "unknown_organisation": "not-found",
    "conflict": "conflict",
    "replaced_already": "conflict",
    "too_long": "too-long",
    "too_many": "too-long",
    "too_large": "too-long",
    "unknown_element": "structure",
    "invalid": "structure",
    "not_text": "structure",
    "modifier_not_understood": "extension",
    "value_absent": "business-rule",
    "status_not_final": "business-rule",
}
_NOT_SUPPORTED = "_not_supported"

# Whether one did is not looked up here: the job that follows finds it.
_UNLESS_CORRECTED = "unless a correction of it came in before or with it: then its standing says so."
_SENTENCES = {
    Outcome.ACCEPTED: f"Stored, and counts, {_UNLESS_CORRECTED}",
    Outcome.HELD: f"Stored, and counts as soon as its patient is linked at that time, {_UNLESS_CORRECTED}",
    Outcome.DUPLICATE: "Was stored before with the same content.",
    RETRACTED: "What has this identifier counts no longer.",
    RETRACTED_BEFORE: "Was said before; what was said first stands.",
}
_IMPLAUSIBLE = (
    "Outside the range that the catalogue has for it. That does not keep it from counting; staff see it."
)
_NOT_KEPT = "Not kept: these elements say nothing that is computed with."


def issue(  # noqa: PLR0913 - the elements of an issue
    severity: str,
    kind: str,
    text: str,
    *,
    system: str,
    code: str,
    expressions: Sequence[str] = (),
) -> Json:
    """One issue; `kind` is FHIR's word, `code` ours, of `system`."""
    found: Json = {
        "severity": severity,
        "code": kind,
        "details": {"coding": [{"system": system, "code": code}]},
        "diagnostics": text,
    }
    return found | ({"expression": list(expressions)} if expressions else {})


def outcome_of(issues: Iterable[Json]) -> Json:
    """An OperationOutcome of at least one issue."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def refusal_issue(code: str, message: str, *paths: str) -> Json:
    """The issue of a refusal; the paths are FHIRPaths from the root of what was sent."""
    kind = _ISSUE_TYPES.get(code) or ("not-supported" if code.endswith(_NOT_SUPPORTED) else "value")
    return issue("error", kind, message, system=REFUSALS, code=code, expressions=paths)


def issues_of(result: Result, entry: str) -> list[Json]:
    """The issues of an entry whose path is `entry`: what became of it, or why it was not taken; and what was not kept of it."""
    found = [
        refusal_issue(each.refusal.code, each.refusal.message, join(entry, each.path))
        for each in result.faults
    ]
    if not found:
        text = _SENTENCES[result.outcome]
        found.append(issue("information", "informational", text, system=OUTCOMES, code=result.outcome))
    if result.is_implausible:
        found.append(issue("warning", "business-rule", _IMPLAUSIBLE, system=OUTCOMES, code="implausible"))
    if result.ignored and not result.is_bad:
        places = [f"{entry}.resource.{name}" for name in result.ignored]
        found.append(
            issue(
                "information",
                "informational",
                _NOT_KEPT,
                system=OUTCOMES,
                code="not-kept",
                expressions=places,
            )
        )
    return found
