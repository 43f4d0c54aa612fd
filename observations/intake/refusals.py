"""Counting what was refused, by sender, code and reason: what was never accepted leaves no other trace."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from clinical_engine.common.database import array_literal, execute
from clinical_engine.common.errors import Refusal
from observations.catalogue import Catalogue
from observations.catalogue.rules import is_loinc
from observations.intake.rows import Answer
from observations.readings import Reading, Unread

# Names of fields are the sender's own words unless they are ours.
_FIELDS = frozenset(
    (
        *(
            "client_id",
            "external_id",
            "code",
            "value",
            "unit",
            "components",
            "measured_at",
            "replaces",
            "item",
        ),
        *("body", "organisation", "measurements"),
        # Of requests to store something else than measurements, and of their heads.
        *("submitter", "from_submitter", "to_submitter", "effective_at", "statements", "reason"),
        *("facts", "name", "effective_from", "as_of", "dry_run", "resourceType", "type", "entry"),
        *("Content-Type", "Accept", "Idempotency-Key"),
    )
)
_INSIDE = re.compile(r"(components)(?:\[\d+\]|\[\.\.\.\])?(?:\.(code|value|unit))?")


def count(
    organisation_id: UUID | None,
    api_client_id: UUID | None,
    readings: Sequence[Reading | Unread],
    answers: Mapping[int, Answer],
    codes: Catalogue,
) -> None:
    """Add the refusals among the answers to the counts of this hour, in the caller's transaction; one statement.

    Without an organisation where nobody can tell it.
    """
    _add(organisation_id, api_client_id, Counter(_counted(readings, answers, codes)))


def count_request(
    api_client_id: UUID, refusals: Sequence[Refusal], organisation_id: UUID | None = None
) -> None:
    """Add the refusals of a request that was to store something else, or of which nothing could be taken."""
    counted = Counter(("", _field(refusal.field), refusal.code) for refusal in refusals)
    _add(organisation_id, api_client_id, counted)


def _add(
    organisation_id: UUID | None, api_client_id: UUID | None, counted: Counter[tuple[str, str, str]]
) -> None:
    # In order: two requests with the same refusals would deadlock.
    rows = sorted(counted.items())
    execute(
        """
        INSERT INTO observations_refusalcount (hour, organisation_id, api_client_id, code, field, reason, number, last_at)
        SELECT date_trunc('hour', now(), 'UTC'), %s, %s, new.code, new.field, new.reason, new.number, now()
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[]) WITH ORDINALITY
             AS new (code, field, reason, number, position)
        ORDER BY new.position
        ON CONFLICT (hour, COALESCE(organisation_id, '00000000-0000-0000-0000-000000000000'),
                     COALESCE(api_client_id, '00000000-0000-0000-0000-000000000000'), code, field, reason)
        DO UPDATE SET number = observations_refusalcount.number + excluded.number, last_at = excluded.last_at
        """,
        [
            organisation_id,
            api_client_id,
            array_literal(code for (code, _, _), _ in rows),
            array_literal(field for (_, field, _), _ in rows),
            array_literal(reason for (_, _, reason), _ in rows),
            array_literal(number for _, number in rows),
        ],
    )


def _counted(
    readings: Sequence[Reading | Unread], answers: Mapping[int, Answer], codes: Catalogue
) -> Iterator[tuple[str, str, str]]:
    for position, answer in answers.items():
        code = _code(readings[position].code, codes)
        for refusal in answer.refusals:
            yield code, _field(refusal.field), refusal.code


def _code(code: str, codes: Catalogue) -> str:
    # What is sent as a code may be anything, somebody's name among it.
    return code if code in codes.by_code or is_loinc(code) else ""


def _field(field: str) -> str:
    if inside := _INSIDE.fullmatch(field):
        return ".".join(filter(None, inside.groups()))
    return field if field in _FIELDS else ""
