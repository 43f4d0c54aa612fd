"""Rosters for tests."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from patients import services as statements
from patients.models import Association, Roster, RosterState
from patients.rosters import services
from patients.rosters.advancing import advance
from patients.rosters.reading import RosterForm, RosterReader
from submitters.models import Submitter
from tests import factories
from tests.factories import BY_IMPORT, NOON

Listed = Mapping[str, datetime] | Iterable[tuple[str, datetime]]
SINCE = NOON - timedelta(days=100)


def lines_of(listed: Listed) -> bytes:
    """The patients as NDJSON."""
    pairs = listed.items() if isinstance(listed, Mapping) else listed
    return b"".join(
        json.dumps({"external_id": patient, "active_since": since.isoformat()}).encode() + b"\n"
        for patient, since in pairs
    )


def reading(body: bytes) -> services.OpenLines:
    """Reads a body of NDJSON."""
    return reading_chunks([body])


def reading_chunks(chunks: Iterable[bytes]) -> services.OpenLines:
    """Reads NDJSON as it comes."""

    def begin(roster_id: UUID, as_of: datetime) -> RosterReader:
        return RosterReader(
            iter(chunks), form=RosterForm.NDJSON, gzipped=False, as_of=as_of, roster_id=roster_id
        )

    return begin


def roster_of(submitter: Submitter, listed: Listed, as_of: datetime = NOON, **options: Any) -> Roster:
    """A roster as it was received; nothing has been compared yet."""
    return roster_from(submitter, lines_of(listed), as_of, **options)


def roster_from(submitter: Submitter, body: bytes, as_of: datetime = NOON, **options: Any) -> Roster:
    """As `roster_of`, from the body itself."""
    given: dict[str, Any] = {"origin": BY_IMPORT, **options}
    return services.receive(submitter=submitter, as_of=as_of, lines=reading(body), **given)


def patients(number: int, start: int = 0) -> dict[str, datetime]:
    """That many patients, all active since `SINCE`."""
    return {f"p-{position:06}": SINCE for position in range(start, start + number)}


def step(roster: Roster) -> bool:
    """Do the next step of a roster, whatever state its job is in; whether it has more to do."""
    with transaction.atomic():
        more = advance(roster.pk, roster.job_id)
    roster.refresh_from_db()
    return more


def applied(roster: Roster, work: Callable[[], int]) -> Roster:
    """The roster, once all that is due is worked off."""
    work()
    roster.refresh_from_db()
    assert roster.state == RosterState.APPLIED
    assert roster.done == roster.to_do
    return roster


def counts(roster: Roster, *names: str) -> list[int]:
    """Some of its counts."""
    return [getattr(roster, name) for name in names]


def state_active(submitter: Submitter, *external_ids: str, since: datetime = SINCE) -> None:
    """A client states that patients are active; nobody is linked yet."""
    said = [factories.statement(external_id, since) for external_id in external_ids]
    statements.activate(submitter=submitter, statements=said, origin=BY_IMPORT)


def state_inactive(submitter: Submitter, *external_ids: str, since: datetime) -> None:
    """As `state_active`, for inactive."""
    said = [factories.statement(external_id, since) for external_id in external_ids]
    statements.deactivate(submitter=submitter, statements=said, origin=BY_IMPORT)


def linked(submitter: Submitter) -> dict[str, datetime]:
    """Who is linked now, and since when."""
    rows = Association.objects.filter(submitter=submitter, dissociated_at=None)
    return dict(rows.values_list("patient__external_id", "associated_at"))
