"""The plan of a statement, as the database makes it now."""

from datetime import timedelta

from django.contrib.admin import site
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.audit import services as audit
from clinical_engine.profiling.admin.shapes import laid_out
from clinical_engine.profiling.explaining import CannotExplainError, explain
from clinical_engine.profiling.models import CapturedStatement
from clinical_engine.staff.actors import actor_of

_PATIENCE = timedelta(seconds=5)
_PAGE = "admin:profiling_capturedstatement_change"


def explained(request: HttpRequest, statement: CapturedStatement) -> HttpResponse:
    """The page with the plan, or with why there is none; that it was asked for is audited, and nothing else is kept."""
    with transaction.atomic():
        target = audit.Target(
            "captured_statement", statement.pk, details={"fingerprint": statement.fingerprint}
        )
        audit.record(actor=actor_of(request), action="captured_statement.explain", targets=[target])
    plan, problem = _plan(statement.shape)
    context = {
        **site.each_context(request),
        "title": f"{'No plan' if problem else 'Plan'} of {statement.fingerprint}",
        "opts": CapturedStatement._meta,  # noqa: SLF001 - Django's own name for it
        "plan": plan,
        "problem": problem,
        "shape": laid_out(statement.shape),
        "again": request.path,
        "back": reverse(_PAGE, args=[statement.pk]),
    }
    return TemplateResponse(request, "admin/profiling/explain.html", context)


def _plan(shape: str) -> tuple[str, str]:
    """The plan, or why there is none."""
    try:
        return explain(shape, timeout=_PATIENCE), ""
    except CannotExplainError as error:
        return "", str(error)
