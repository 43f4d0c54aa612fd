"""Importing diaries, through the services that everybody uses."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from clinical_engine.common.errors import RefusedError
from observations.diabetes.clocks import start_of_day
from observations.diabetes.files import Diary
from observations.diabetes.reading import ReadLine, read_diary
from observations.diabetes.report import Fate, LineResult, Report
from observations.intake import Answer, Outcome, Sender, record_measurements
from observations.models import MeasurementSource
from observations.readings import Reading
from patients.models import StatementSource
from patients.services import Acceptance, NewStatement, Origin, activate
from submitters.models import Organisation, Submitter
from submitters.services import create_organisation, create_submitter

BATCH_SIZE = 1000
_BY_IMPORT = Origin(StatementSource.IMPORT)
_REASON = "Import of diabetes diaries"


class CannotImportError(Exception):
    """The import cannot begin; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the diaries go: the names of the organisation and its submitter, and the time zone of the diaries' clocks."""

    organisation: str
    submitter: str
    time_zone: str


def import_diaries(
    diaries: Sequence[Diary], target: Target, *, now: datetime, show: Callable[[int, int], object]
) -> Report:
    """Store what the diaries say, each batch of measurements in a transaction of its own, and report on every line.

    Each patient is activated with the submitter since the beginning of the local day of the earliest readable line. Importing
    again adds nothing, and goes on where an import was interrupted. `show` is told how many readings are stored, and of how
    many. Raises CannotImportError when the target cannot be used.
    """
    submitter = ensure_submitter(target)
    zone = submitter.organisation.zone
    lines = [line for diary in diaries for line in read_diary(diary, zone, now)]
    readings = [line.reading for line in lines if line.reading]
    activations = _activate(submitter, readings)
    answers = _record(submitter.organisation_id, readings, show)
    return Report(len(diaries), list(_results(lines, answers)), activations)


def rehearse(
    diaries: Sequence[Diary], target: Target, *, now: datetime, show: Callable[[int, int], object]
) -> Report:
    """What `import_diaries` would report now: done by the same code in one transaction, which is rolled back."""
    with transaction.atomic():
        report = import_diaries(diaries, target, now=now, show=show)
        transaction.set_rollback(True)
    return report


@transaction.atomic
def ensure_submitter(target: Target) -> Submitter:
    """The submitter, created with its organisation where they were not known.

    Raises CannotImportError when a name or the time zone cannot be used, or when the organisation is in another time zone.
    """
    try:
        organisation = Organisation.objects.filter(name=target.organisation).first() or create_organisation(
            actor=None, name=target.organisation, time_zone=target.time_zone, reason=_REASON
        )
        if organisation.time_zone != target.time_zone:
            # The ids of measurements hold the patients' own time: the same ones at other instants would all be conflicts.
            raise CannotImportError(
                f"The organisation {organisation} is in the time zone {organisation.time_zone}, not {target.time_zone}."
            )
        return organisation.submitters.filter(name=target.submitter).first() or create_submitter(
            actor=None, organisation=organisation, name=target.submitter, reason=_REASON
        )
    except RefusedError as error:
        raise CannotImportError(f"The organisation or the submitter cannot be used: {error}") from None


def _activate(submitter: Submitter, readings: Sequence[Reading]) -> Counter[Acceptance]:
    """Activate every patient; a diary that now begins earlier gives another statement, which extends the period."""
    first: dict[str, datetime] = {}
    for reading in readings:
        first[reading.external_id] = min(
            reading.measured_at, first.get(reading.external_id, reading.measured_at)
        )
    statements = [
        NewStatement(
            f"aim94/active/{name}/{submitter.id}/{time.date().isoformat()}",
            name,
            start_of_day(time.date(), submitter.organisation.zone),
        )
        for name, time in first.items()
    ]
    return Counter(
        accepted.outcome
        for accepted in activate(submitter=submitter, statements=statements, origin=_BY_IMPORT)
    )


def _record(
    organisation_id: UUID, readings: Sequence[Reading], show: Callable[[int, int], object]
) -> Iterator[Answer]:
    show(0, len(readings))
    for start in range(0, len(readings), BATCH_SIZE):
        batch = readings[start : start + BATCH_SIZE]
        yield from record_measurements(
            organisation_id=organisation_id,
            readings=batch,
            sender=Sender(MeasurementSource.IMPORT),
        )
        show(start + len(batch), len(readings))


def _results(lines: Sequence[ReadLine], answers: Iterator[Answer]) -> Iterator[LineResult]:
    firsts: dict[str, ReadLine] = {}
    for line in lines:
        if line.reading is None:
            yield LineResult(line.file, line.number, Fate.REFUSED, line.refused)
            continue
        answer = next(answers)
        if answer.outcome is Outcome.REFUSED:
            yield LineResult(line.file, line.number, Fate.REFUSED, answer.refusals[0].code)
        else:
            yield _stored(line, firsts.setdefault(line.reading.client_id, line), answer.outcome)


def _stored(line: ReadLine, first: ReadLine, outcome: Outcome) -> LineResult:
    """What became of a line that the intake knows now; `first` is the first line of the files under its client id."""
    says_the_same = first.reading == line.reading
    repeats = None
    if outcome is Outcome.CONFLICT:
        fate = Fate.CONFLICT
        repeats = None if says_the_same else first.number
    elif outcome is not Outcome.DUPLICATE:
        fate = Fate.NEW
    elif first is not line and says_the_same:
        # The intake says 'duplicate' of what this file repeats and of what an earlier import stored; people must not.
        fate, repeats = Fate.DUPLICATE, first.number
    else:
        fate = Fate.ALREADY_THERE
    return LineResult(line.file, line.number, fate, repeats=repeats, clock_change=line.clock_change)
