"""Why lines of a file were refused, or that they are in conflict: kept line by line, and counted by reason."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.errors import Refusal
from observations.importing.answering import Answered
from observations.importing.columns import COLUMNS
from observations.intake import Outcome
from observations.models import MeasurementImport

_MOST_REASONS = 100
# A number in brackets tells one component from another, which no count needs.
_PLACE = re.compile(r"\[[^\]]*\]")
_MOST_OF_FIELD = 128
_MOST_OF_MESSAGE = 500
_CONFLICT = Refusal(
    "client_id",
    "conflict",
    "Was used before with other content. Both are kept; the first counts until staff resolve it.",
)


def keep_problems(file: MeasurementImport, answered: Sequence[Answered]) -> None:
    """Write why lines were refused or are in conflict, in the caller's transaction; one statement, none when nothing is wrong."""
    rows = list(_problems(answered))
    if not rows:
        return
    execute(
        """
        INSERT INTO observations_importproblem (measurement_import_id, line, number, outcome, client_id, field, code, message,
                                                measurement_id)
        SELECT %s, * FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::uuid[])
        """,
        [file.pk, *map(array_literal, zip(*rows, strict=True))],
    )


def reasons_of(file: MeasurementImport, answered: Sequence[Answered]) -> Mapping[str, int]:
    """How often each 'field code' was a reason, these lines counted with those before."""
    found = Counter(
        f"{_counted_field(refusal.field)} {refusal.code}"
        for each in answered
        for refusal in each.answer.refusals
    )
    reasons = Counter(file.reasons)
    for reason, number in sorted(found.items()):
        # There are few but for a file that is made to have many: every one is written again with each slice.
        known = reason in reasons or len(reasons) < _MOST_REASONS
        reasons[reason if known else "line other"] += number
    return dict(reasons)


def _counted_field(field: str) -> str:
    # Any other name is the sender's own word.
    return (
        _PLACE.sub("", field)
        if field.split("[", maxsplit=1)[0].split(".", maxsplit=1)[0] in COLUMNS
        else "line"
    )


def _problems(answered: Sequence[Answered]) -> Iterator[tuple[object, ...]]:
    for each in answered:
        answer, line = each.answer, each.line
        refusals = (_CONFLICT,) if answer.outcome is Outcome.CONFLICT else answer.refusals
        for number, refusal in enumerate(refusals):
            yield (
                line.number,
                number,
                answer.outcome.value,
                line.client_id,
                _shown_field(refusal.field),
                refusal.code,
                refusal.message[:_MOST_OF_MESSAGE],
                answer.measurement_id,
            )


def _shown_field(field: str) -> str:
    """The field as it is kept: a line is no item, and a name that nobody can read, or PostgreSQL cannot hold, is left out."""
    return "line" if field == "item" or not field.isprintable() else field[:_MOST_OF_FIELD]
