"""After something else was put in force: what was computed before, and the backfill that brings it in line."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from clinical_engine.staff.cells import moment_text
from clinical_engine.staff.expressions import COUNT_LIMIT, bounded
from clinical_engine.staff.search import as_uuid
from observations.admin.scripts.fields import zone_of
from observations.models import ObservationScript
from observations.scripts.affected import MOST_PATIENTS, Standing, standing_since
from submitters.models import Organisation

_WHAT_FOLLOWS = (
    "What comes due from now on is computed by what is in force at its time. What stands already stays as it is until a "
    "backfill computes it anew; a dry run first tells how many results would change, by how much, and whose."
)
_NOTHING_YET = "No result is as of that time yet: nothing has to be computed anew."
_NO_RESULT = (
    "current result is as of then or later. Where a version failed or was suspended, some may be missing."
)
BACKFILL = "admin:observations_backfill_new"


def repair_url(script: ObservationScript, since: datetime, organisation_id: UUID | None = None) -> str:
    """The page about results as of `since` and later, of an organisation or of all."""
    address = reverse("admin:observations_observationscript_repair", args=[script.pk])
    return f"{address}?{urlencode(_asked(since, organisation_id))}"


def repair_view(request: HttpRequest, script: ObservationScript) -> HttpResponse:
    """Say how many results stand as of the time in the address and later, and offer a new backfill of them."""
    since = _time_in(request)
    named = as_uuid(request.GET.get("organisation", ""))
    organisation = Organisation.objects.filter(pk=named).first() if named else script.organisation
    if since is None or (named and organisation is None):
        messages.warning(request, "The address names no time, or no organisation that there is.")
        return HttpResponseRedirect(reverse("admin:observations_observationscript_change", args=[script.pk]))
    context = {
        **site.each_context(request),
        "title": f"Results to bring in line: {script.title}",
        "sentences": _sentences(script, since, organisation),
        "backfill": _backfill_url(script, since, organisation),
        "is_past": since <= timezone.now(),
        "may_backfill": request.user.has_perm("observations.add_backfill"),
        "back": reverse("admin:observations_observationscript_change", args=[script.pk]),
        "opts": ObservationScript._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/observations/script_repair.html", context)


def _asked(since: datetime, organisation_id: UUID | None) -> dict[str, str]:
    asked = {"since": since.isoformat()}
    return asked if organisation_id is None else asked | {"organisation": str(organisation_id)}


def _time_in(request: HttpRequest) -> datetime | None:
    try:
        time = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        return None
    return time if time.tzinfo else None


def _sentences(script: ObservationScript, since: datetime, organisation: Organisation | None) -> list[str]:
    when = moment_text(since, zone_of(script))
    whose = organisation.name if organisation else "all organisations"
    # A sender's clock may be ahead.
    if since > timezone.now() + settings.CLOCK_SKEW:
        return [f"It counts from {when}, for {whose}.", _NOTHING_YET]
    found = standing_since(script.pk, since, organisation.pk if organisation else None)
    return [f"As of {when} and later, for {whose}: {_stand(found)}", _WHAT_FOLLOWS]


def _stand(found: Standing) -> str:
    if not found.results:
        number = "no" if found.is_all else f"of the first {MOST_PATIENTS:,} patients no"
        return f"{number} {_NO_RESULT}"
    patients = f"{found.patients:,} patient{'s' * (found.patients != 1)}"
    results = f"{bounded(found.results)} current result{'s' * (found.results != 1)}"
    if not found.is_all:
        patients = f"at least {patients}"
        results = results if found.results > COUNT_LIMIT else f"at least {results}"
    return f"{results} of {patients} {'stand' if found.results != 1 else 'stands'} as of then and later."


def _backfill_url(script: ObservationScript, since: datetime, organisation: Organisation | None) -> str:
    asked = _asked(since, organisation.pk if organisation else None)
    because = f"What is in force of {script.name} was changed"
    return f"{reverse(BACKFILL)}?{urlencode({'script': script.pk, **asked, 'reason': because})}"
