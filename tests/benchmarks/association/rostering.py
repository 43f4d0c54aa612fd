"""Rosters of made-up patients: their lines, and how one is taken and applied in this process."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from clinical_engine.jobs import worker
from clinical_engine.jobs.registry import kind_of
from patients.models import Roster, RosterState, StatementSource
from patients.rosters import services
from patients.rosters.reading import RosterForm, RosterReader
from patients.services import Origin
from submitters.models import Submitter

_KIND = "roster"
_LINES_AT_ONCE = 1_000
_END = {True: RosterState.COMPARED, False: RosterState.APPLIED}


def chunks(places: Iterable[int]) -> Iterator[bytes]:
    """NDJSON of the patients with these numbers, active since some day of 2025."""
    remaining = iter(places)
    while some := list(islice(remaining, _LINES_AT_ONCE)):
        yield "".join(map(_line, some)).encode()


def _line(place: int) -> str:
    return f'{{"external_id":"{_name(place)}","active_since":"{_since(place)}"}}\n'


def _name(place: int) -> str:
    return f"patient-{place:09d}"


def _since(place: int) -> str:
    return f"2025-{1 + place % 12:02d}-{1 + place % 28:02d}T08:{place % 60:02d}:00+01:00"


def write(path: Path, places: Iterable[int]) -> None:
    """The same as a file."""
    with path.open("wb") as file:
        file.writelines(chunks(places))


def write_rows(path: Path, places: Iterable[int]) -> None:
    """The same as rows for COPY: external id and time."""
    with path.open("w") as file:
        file.writelines(f"{_name(place)}\t{_since(place)}\n" for place in places)


def receive_and_apply(places: Iterable[int], *, dry_run: bool = False) -> None:
    """Take a roster of these patients for the only submitter and work it off, all of it in this process.

    Raises RuntimeError unless it ends well.
    """
    roster: Roster = services.receive(
        submitter=Submitter.objects.get(),
        as_of=timezone.now(),
        lines=partial(_reader, places),
        origin=Origin(StatementSource.IMPORT),
        dry_run=dry_run,
    )
    while worker.work(_KIND, kind_of(_KIND).queue):
        pass
    roster.refresh_from_db()
    if roster.state != _END[dry_run]:
        raise RuntimeError(f"The roster is {roster.state}.")


def _reader(places: Iterable[int], roster_id: UUID, as_of: datetime) -> RosterReader:
    return RosterReader(
        chunks(places), form=RosterForm.NDJSON, gzipped=False, as_of=as_of, roster_id=roster_id
    )
