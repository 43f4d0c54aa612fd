"""After something else was put in force: what was computed before, and the backfill that brings it in line, started by a click."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from clinical_engine.common.errors import Refusal, RefusedError
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.cells import moment_text
from clinical_engine.staff.expressions import COUNT_LIMIT, bounded
from clinical_engine.staff.search import as_uuid
from observations.admin.scripts.fields import time_in, zone_of
from observations.backfill.mending import start_unless_under_way
from observations.models import Backfill, BackfillState, ObservationScript
from observations.scripts.affected import MOST_PATIENTS, Standing, standing_since
from observations.scripts.outdated import is_left, under_way, unlike_in_force
from submitters.models import Organisation

_WHAT_FOLLOWS = (
    "What comes due from now on is computed by what is in force at its time. What stands already stays as it is until a "
    "backfill computes it anew; a dry run first tells how many results would change, by how much, and whose."
)
_NOTHING_YET = "No result is as of that time yet: nothing has to be computed anew."
_NO_RESULT = (
    "current result is as of then or later. Where a version failed or was suspended, some may be missing."
)
MAY_MISS = (
    "Others may be missing: no backfill has gone through all patients since something else was put in force."
)
_NO_TIME = "The address names no time from 1900 on."
_NO_ORGANISATION = "The address names no organisation that there is."
BACKFILL = "admin:observations_backfill_new"


def repair_url(script: ObservationScript, since: datetime, organisation_id: UUID | None = None) -> str:
    """The page about results as of `since` and later, of an organisation or of all."""
    address = reverse("admin:observations_observationscript_repair", args=[script.pk])
    return f"{address}?{urlencode(_asked(since, organisation_id))}"


def repair_view(request: HttpRequest, script: ObservationScript) -> HttpResponse:
    """Say how many results stand as of the time in the address and later, and offer a backfill of them; POST starts it."""
    since = time_in(request.GET.get("since", ""))
    if since is None:
        return _refused(request, script, _NO_TIME)
    try:
        organisation = _organisation_in(request, script)
    except RefusedError as error:
        return _refused(request, script, str(error.refusals[0].message))
    if request.method == "POST":
        return _start(request, script, since, organisation)
    context = {
        **site.each_context(request),
        "title": f"Results to bring in line: {script.title}",
        "sentences": _sentences(script, since, organisation),
        "backfill": _backfill_url(script, since, organisation),
        "is_past": since <= timezone.now(),
        "may_backfill": request.user.has_perm("observations.add_backfill"),
        "start": {
            "url": repair_url(script, since, _id_of(organisation)),
            **way_to(under_way(script, since, _id_of(organisation))),
        },
        "back": reverse("admin:observations_observationscript_change", args=[script.pk]),
        "opts": ObservationScript._meta,  # noqa: SLF001 - Django's own name for it
    }
    return TemplateResponse(request, "admin/observations/script_repair.html", context)


def _asked(since: datetime, organisation_id: UUID | None) -> dict[str, str]:
    asked = {"since": since.isoformat()}
    return asked if organisation_id is None else asked | {"organisation": str(organisation_id)}


def _organisation_in(request: HttpRequest, script: ObservationScript) -> Organisation | None:
    """The one that the address names, or else whose script it is. Raises RefusedError for what names none that there is."""
    if "organisation" not in request.GET:
        return script.organisation
    named = as_uuid(request.GET["organisation"])
    organisation = Organisation.objects.filter(pk=named).first() if named else None
    if organisation is None:
        raise RefusedError(Refusal("organisation", "unknown", _NO_ORGANISATION))
    if script.organisation_id not in {None, organisation.pk}:
        raise RefusedError(Refusal("organisation", "not_theirs", "The script is another organisation's."))
    return organisation


def _refused(request: HttpRequest, script: ObservationScript, why: str) -> HttpResponse:
    messages.warning(request, f"{why} Nothing was started.")
    return HttpResponseRedirect(reverse("admin:observations_observationscript_change", args=[script.pk]))


def _sentences(script: ObservationScript, since: datetime, organisation: Organisation | None) -> list[str]:
    when = moment_text(since, zone_of(script))
    whose = organisation.name if organisation else "all organisations"
    # A sender's clock may be ahead.
    if since > timezone.now() + settings.CLOCK_SKEW:
        return [f"It counts from {when}, for {whose}.", _NOTHING_YET]
    found = standing_since(script.pk, since, _id_of(organisation))
    standing = f"As of {when} and later, for {whose}: {_stand(found)}"
    return [f"{standing} {_unlike(script, since, organisation)}".strip(), _WHAT_FOLLOWS]


def _unlike(script: ObservationScript, since: datetime, organisation: Organisation | None) -> str:
    found = unlike_in_force(script, since, _id_of(organisation))
    may_miss = MAY_MISS if is_left(script, _id_of(organisation)) else ""
    if found.results:
        return f"Not what is in force as of their time: {counted(found)}. {may_miss}"
    if may_miss or not found.is_all:
        return may_miss
    return "All of them are what is in force as of their time."


def _id_of(organisation: Organisation | None) -> UUID | None:
    return None if organisation is None else organisation.pk


def _stand(found: Standing) -> str:
    if not found.results:
        number = "no" if found.is_all else f"of {MOST_PATIENTS:,} patients that were looked at no"
        return f"{number} {_NO_RESULT}"
    return f"{counted(found)} {'stand' if found.results != 1 else 'stands'} as of then and later."


def counted(found: Standing) -> str:
    """So many results of so many patients, in words."""
    patients = f"{found.patients:,} patient{'s' * (found.patients != 1)}"
    results = f"{bounded(found.results)} current result{'s' * (found.results != 1)}"
    if not found.is_all:
        patients = f"at least {patients}"
        results = results if found.results > COUNT_LIMIT else f"at least {results}"
    return f"{results} of {patients}"


def _backfill_url(script: ObservationScript, since: datetime, organisation: Organisation | None) -> str:
    asked = _asked(since, _id_of(organisation))
    return f"{reverse(BACKFILL)}?{urlencode({'script': script.pk, **asked, 'reason': _because(script)})}"


def _because(script: ObservationScript) -> str:
    return f"What is in force of {script.name} was changed"


def _start(
    request: HttpRequest, script: ObservationScript, since: datetime, organisation: Organisation | None
) -> HttpResponse:
    """Start the backfill of these results, unless one is at it already; goes on to its page."""
    if not request.user.has_perm("observations.add_backfill"):
        raise PermissionDenied
    try:
        backfill, is_new = start_unless_under_way(
            actor=actor_of(request),
            script=script,
            organisation=organisation,
            since=since,
            reason=_because(script),
        )
    except RefusedError as error:
        return _refused(request, script, " ".join(refusal.message for refusal in error.refusals))
    if is_new:
        messages.success(request, "Started.")
    elif backfill.state == BackfillState.PAUSED:
        messages.warning(request, "The backfill that brings these results in line is paused: this one.")
    else:
        messages.info(request, "A backfill is bringing these results in line already: this one.")
    return HttpResponseRedirect(way_to(backfill)["under_way"])


def way_to(backfill: Backfill | None) -> dict[str, str]:
    """What the button needs to lead to the backfill that is at it, if there is one, or is paused."""
    if backfill is None:
        return {"under_way": "", "is_paused": ""}
    page = reverse("admin:observations_backfill_change", args=[backfill.pk])
    return {"under_way": page, "is_paused": "paused" * (backfill.state == BackfillState.PAUSED)}
