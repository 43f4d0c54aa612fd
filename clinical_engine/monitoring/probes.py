"""The registry of probes: one number each, and whether it is as it should be."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error, connection

from clinical_engine.common.logs import describe_error

logger = logging.getLogger(__name__)


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

    While PostgreSQL does not answer the others are not asked: each would wait for a connection before it says the same.
    """
    database = _read(_DATABASE)
    others = {probe: _read(probe) if database.ok else _UNREAD for probe in _probes.values()}
    return {_DATABASE: database, **others}


def _read(probe: Probe) -> Reading:
    try:
        return probe.read()
    except Exception as error:  # noqa: BLE001 - whatever one probe stumbles over, the others must still be told
        logger.warning("The probe %s cannot be read: %s", probe.name, describe_error(error))
        return Reading(None, ok=False, message=f"Cannot be read: {type(error).__name__}.")


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
