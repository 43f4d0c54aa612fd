"""The registry of probes: one number each, and whether it is as it should be."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connection

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
    """Every probe's reading; one that cannot be read is not ok and says so."""
    return {probe: _read(probe) for probe in (_DATABASE, *_probes.values())}


def _read(probe: Probe) -> Reading:
    try:
        return probe.read()
    except DatabaseError as error:
        logger.warning("The probe %s cannot be read: %s", probe.name, describe_error(error))
        return Reading(None, ok=False, message="Cannot be read: the database did not answer.")


def _database() -> Reading:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Reading(1, ok=True)


_DATABASE = Probe("database_up", "1 when PostgreSQL answers", _database, critical=True)
