"""What authors do with a version beside editing it, and the pages for that."""

from collections.abc import Callable, Mapping

from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from observations.admin.workbench.forms import DraftForms
from observations.computing.times import microseconds
from observations.models import Backfill, Measurement, ScriptVersion
from tests.admin.workbench.typed import sent_of
from tests.scaling import rows
from tests.scaling.actions import Action, expect
from tests.scaling.own_pages import look_at
from tests.scaling.world import World

_PREFIX = "observations_scriptversion"
_DAYS = {"days": "30", "reason": "A test of what grows"}


def workbench_pages(world: World) -> dict[str, Action]:
    """By the page's name, behind which a space and more words may stand."""
    draft = ScriptVersion.objects.filter(published_at=None).earliest("pk")
    reading = Measurement.objects.filter(patient=world.key(rows.PATIENT, 1)).latest("measured_at")
    asked = {
        "patient": str(reading.patient_id),
        "since": "2026-01-01T00:00:00",
        "until": "2026-06-30T00:00:00",
    }
    told = {**asked, "step_by_step": str(microseconds(reading.measured_at))}
    as_case = {**asked, "as_of": str(microseconds(reading.measured_at))}
    return {
        f"{_PREFIX}_try": look_at(_address(draft, "try"), None, 302),
        f"{_PREFIX}_try done": _sent(_address(draft, "try"), sent_of(DraftForms(draft)), 200),
        f"{_PREFIX}_rehearse": look_at(_address(draft, "rehearse")),
        f"{_PREFIX}_rehearse done": _sent(_address(draft, "rehearse"), told, 200, _was_rehearsed),
        f"{_PREFIX}_case": look_at(_address(draft, "case"), None, 302),
        f"{_PREFIX}_case done": _sent(_address(draft, "case"), as_case, 200, _was_rehearsed),
        f"{_PREFIX}_compare": look_at(_address(draft, "compare")),
        f"{_PREFIX}_compare done": _sent(_address(draft, "compare"), _DAYS, 302, _is_compared),
        f"{_PREFIX}_redraft": look_at(_address(draft, "redraft")),
        f"{_PREFIX}_redraft done": _sent(_address(draft, "redraft"), {}, 302, _is_drafted),
    }


def _address(version: ScriptVersion, page: str) -> str:
    return reverse(f"admin:{_PREFIX}_{page}", args=[version.pk])


def _sent(
    address: str, fields: Mapping[str, str], status: int, check: Callable[[], None] = lambda: None
) -> Action:
    return Action(lambda world, _: lambda: expect(world.admin.post(address, fields), status), check=check)


def _was_rehearsed() -> None:
    assert AuditEntry.objects.filter(action="script.rehearse").exists(), "Nothing was computed."


def _is_compared() -> None:
    assert Backfill.objects.filter(reason=_DAYS["reason"]).exists(), "Nothing was started."


def _is_drafted() -> None:
    assert AuditEntry.objects.filter(action="script.draft").exists(), "Nothing was drafted."
