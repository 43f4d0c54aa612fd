"""Bringing in line what a publication left, with one backfill however many ask for it."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from observations.backfill.services import start_backfill
from observations.models import Backfill, ObservationScript
from observations.scripts.outdated import under_way
from submitters.models import Organisation


@transaction.atomic
def start_unless_under_way(
    *,
    actor: AbstractBaseUser | None,
    script: ObservationScript,
    organisation: Organisation | None,
    since: datetime,
    reason: str,
) -> tuple[Backfill, bool]:
    """The backfill that brings results as of `since` and later in line, and whether it was started now.

    One that is at it already, or is paused, is left to it. Raises RefusedError as `start_backfill` does.
    """
    # Of those who ask at the same moment one starts it, and the others wait here to see it.
    ObservationScript.objects.select_for_update(no_key=True).get(pk=script.pk)
    whose = script.organisation_id if organisation is None else organisation.pk
    if (found := under_way(script, since, whose)) is not None:
        return found, False
    started = start_backfill(
        actor=actor, script=script, organisation=organisation, since=since, until=None, reason=reason
    )
    return started, True
