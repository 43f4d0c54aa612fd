"""Who drifts: active in vitals by a submitter's last list, and not linked here at this moment."""

from django.contrib.admin import site
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from clinical_engine.staff import panels
from clinical_engine.staff.cells import moment
from patients.admin.rosters.panels import SHOWN, patient_link
from patients.models import Roster
from patients.rosters.comparing import who_drifts

_TOO_LONG = "The comparison took too long. Try again when the engine is less busy."


def drifting_page(request: HttpRequest, roster: Roster) -> HttpResponse:
    """The first of those who drift now: the list is compared for this page, which takes seconds for a long one."""
    context = {
        **site.each_context(request),
        "title": f"Who drifts: {roster.submitter.name}",
        "opts": Roster._meta,  # noqa: SLF001 - Django's own name for it
        "roster": roster,
        "as_of": moment(roster.as_of, roster.organisation.zone),
        "back": reverse("admin:patients_roster_change", args=[roster.pk]),
        **_found(roster),
    }
    return TemplateResponse(request, "admin/patients/drifting.html", context)


def _found(roster: Roster) -> dict[str, object]:
    if not roster.is_last:
        return {"refusal": "A newer list was applied since: that one tells who drifts."}
    try:
        with transaction.atomic():
            rows = who_drifts(roster, SHOWN + 1)
    except OperationalError:
        # Its limit of time is the only thing that a read runs into while everything else on the page works.
        return {"refusal": _TOO_LONG}
    zone = roster.organisation.zone
    shown = [(patient_link(key, name), moment(since, zone)) for key, name, since in rows[:SHOWN]]
    return {
        "table": panels.table(("Patient", "Active since"), shown, empty="Nobody drifts at this moment."),
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
    }
