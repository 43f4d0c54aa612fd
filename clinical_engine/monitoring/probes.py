"""The registry of probes: one number each, and whether it is as it should be."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import Error, connection

from clinical_engine.common.database import execute
from clinical_engine.common.guards import Guard, guard_of
from clinical_engine.common.logs import describe_error

logger = logging.getLogger(__name__)
# How long one probe waits for a table that something holds. At the usual limit a few of them together take longer than Prometheus
# waits, so that every number would be gone just when they are looked at.
_LOCK_WAIT_MS = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe measured. `value` None means that there is nothing to measure yet."""

    value: float | None
    ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A number worth watching. `critical` probes decide whether this process may get requests.

    `name` becomes the metric `clinical_engine_<name>`.
    """

    name: str
    description: str
    read: Callable[[], Reading]
    critical: bool = False


_probes: dict[str, Probe] = {}


def register(*probes: Probe) -> None:
    """Make probes known. Raises ValueError when a name is taken."""
    for probe in probes:
        if probe.name in _probes:
            raise ValueError(f"The probe {probe.name} is registered twice.")
        _probes[probe.name] = probe


def read_all() -> dict[Probe, Reading]:
    """Every probe's reading; one that cannot be read is not ok and says so.

    While PostgreSQL does not answer the others are not asked: each would wait for a connection before it says the same. None waits
    for a lock longer than a moment.
    """
    database = _read(_DATABASE)
    if not database.ok:
        return {_DATABASE: database, **dict.fromkeys(_probes.values(), _UNREAD)}
    with _short_waits_for_locks():
        return {_DATABASE: database, **{probe: _read(probe) for probe in _probes.values()}}


@contextmanager
def _short_waits_for_locks() -> Iterator[None]:
    # For the connection, not for a transaction: one around all probes would end with the first that fails. If the connection is
    # gone, the probes say so themselves, and there is nothing to be set back.
    with suppress(Error):
        execute(f"SET lock_timeout = {_LOCK_WAIT_MS}")
    try:
        yield
    finally:
        with suppress(Error):
            execute("RESET lock_timeout")


def _read(probe: Probe) -> Reading:
    try:
        return probe.read()
    except Exception as error:  # noqa: BLE001 - whatever one probe stumbles over, the others must still be told
        logger.warning("The probe %s cannot be read: %s", probe.name, describe_error(error))
        return Reading(None, ok=False, message=f"Cannot be read: {_reason(error)}.")


def _reason(error: Exception) -> str:
    return "something holds its table" if guard_of(error) is Guard.LOCK else type(error).__name__


def _database() -> Reading:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        logger.warning("PostgreSQL does not answer: %s", describe_error(error))
        return Reading(0, ok=False, message="PostgreSQL does not answer.")
    return Reading(1, ok=True)


_UNREAD = Reading(None, ok=False, message="Not read, since PostgreSQL does not answer.")


_DATABASE = Probe("database_up", "1 when PostgreSQL answers", _database, critical=True)
