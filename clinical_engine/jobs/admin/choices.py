"""What the filters of the list of jobs offer, found by leaping through the ledger's indexes: a few steps for each value."""

from collections import defaultdict
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from django.http import HttpRequest

from clinical_engine.common.database import fetch_all

Offered = Mapping[str, Mapping[str, str]]

# More than anybody reads in a list of choices; the address takes any other value.
_OFFERED = 200
# Causes are looked for among the youngest failures: a hundred thousand of them must not slow the list down.
_FAILURES_SEEN = 5_000
_CAUSES_SHOWN = 20
_FAILED = "state IN ('dead', 'invalid_payload')"
_WAITING = "state IN ('available', 'retryable')"

# From each value to the next greater one: SELECT DISTINCT would read a million entries for three kinds.
_LEAPS = """
    (WITH RECURSIVE found AS (
        (SELECT {column} AS value FROM jobs_job WHERE {rows} AND {column} IS NOT NULL ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM jobs_job WHERE {rows} AND {column} > found.value ORDER BY {column} LIMIT 1)
        FROM found WHERE found.value IS NOT NULL
    )
    SELECT '{name}', value::text, {title}, 0 FROM found {join} WHERE value IS NOT NULL LIMIT {limit})
"""
_CAUSES = f"""
    (SELECT 'fingerprint', fingerprint, max(error), count(*)
     FROM (SELECT fingerprint, error FROM jobs_job WHERE {_FAILED} ORDER BY id DESC LIMIT {_FAILURES_SEEN}) AS young
     WHERE fingerprint <> '' GROUP BY fingerprint ORDER BY 4 DESC, 2 LIMIT {_CAUSES_SHOWN})
"""  # noqa: S608 - constants of this module


def _leaps(name: str, column: str, rows: str, *, title: str = "value::text", join: str = "") -> str:
    return _LEAPS.format(name=name, column=column, rows=rows, title=title, join=join, limit=_OFFERED)


_STATEMENT = " UNION ALL ".join(
    [
        _leaps("kind", "kind", _FAILED),
        _leaps("kind", "kind", _WAITING),
        _leaps("release", "claimed_release", f"{_FAILED} AND claimed_release <> ''"),
        _leaps("payload_version", "payload_version", _FAILED),
        _leaps("submitter", "submitter_id", _FAILED),
        _leaps(
            "last_actor",
            "last_actor_id",
            "last_actor_id IS NOT NULL",
            title="username",
            join="LEFT JOIN auth_user ON auth_user.id = value",
        ),
        _CAUSES,
    ]
)
_of_requests: WeakKeyDictionary[HttpRequest, Offered] = WeakKeyDictionary()


def offered_in(request: HttpRequest) -> Offered:
    """For each filter the values that jobs have, with their titles: one statement for all filters of a page."""
    if request not in _of_requests:
        _of_requests[request] = _read()
    return _of_requests[request]


def _read() -> Offered:
    offered: dict[str, dict[str, str]] = defaultdict(dict)
    for name, value, title, number in fetch_all(_STATEMENT):
        offered[name][value] = f"{number:,} × {title[:80]}" if number else title  # noqa: RUF001 - a times sign
    return offered
