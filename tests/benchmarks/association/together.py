"""Rosters, overlapping batches and single calls about the same patients, all at once through the API."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import sample
from threading import Event

from django.utils import timezone

from clinical_engine.common.identifiers import new_id
from tests.benchmarks.association import rostering, sizes, tables
from tests.benchmarks.engine import Engine
from tests.benchmarks.ledger.databases import as_owner

_ROSTERS = 6
_PATIENTS = max(500, sizes.ROSTER // 20)
_BATCH = _PATIENTS // 10
_KINDS = ("activations", "deactivations")


def everything_at_once(engine: Engine) -> None:
    """Two senders of batches and one of single calls, while some rosters are applied. Raises what any of them raises."""
    tables.empty(engine.owner)
    over = Event()
    with ThreadPoolExecutor(4) as pool:
        senders = [
            pool.submit(_until, over, send, engine.another_client()) for send in (_batch, _batch, _single)
        ]
        try:
            _send_rosters(engine)
        finally:
            over.set()
        for sender in senders:
            sender.result()
    engine.wait_until_idle()


def deadlocks(database: str) -> int:
    """How many PostgreSQL has counted in the database; complete once all who used it have disconnected."""
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [database])
        [(number,)] = cursor.fetchall()
    return int(number)


def _until(over: Event, send: Callable[[Engine, str], None], engine: Engine) -> None:
    while not over.is_set():
        for kind in _KINDS:
            send(engine, kind)
            # Else what waits would only grow, and little of it would be done at once with the rosters.
            engine.wait_until_idle(jobs=_BATCH)


def _send_rosters(engine: Engine) -> None:
    """Each one replaces two patients in a hundred of the one before."""
    file = engine.folder / "together.ndjson"
    for turn in range(_ROSTERS):
        first = 1 + turn * _PATIENTS // 50
        rostering.write(file, range(first, first + _PATIENTS))
        engine.wait_for(engine.put_roster(file), "applied", "held")


def _batch(engine: Engine, kind: str) -> None:
    statements = [_statement(place) for place in sample(range(1, _PATIENTS + 1), _BATCH)]
    body = {"submitter": str(engine.caller.submitter.pk), "statements": statements}
    engine.post(f"{kind}/batch", json.dumps(body).encode())


def _single(engine: Engine, kind: str) -> None:
    [place] = sample(range(1, _PATIENTS + 1), 1)
    body = {"submitter": str(engine.caller.submitter.pk), **_statement(place)}
    engine.post(kind, json.dumps(body).encode())


def _statement(place: int) -> dict[str, str]:
    return {
        "client_id": f"together-{new_id()}",
        "external_id": f"patient-{place:09d}",
        "effective_at": timezone.now().isoformat(),
    }
