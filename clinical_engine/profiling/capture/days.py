"""Batches of a day under one release, put together."""

from collections.abc import Collection
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from clinical_engine.profiling.capture.batches import OTHER_STATEMENTS, Counted

_Key = TypeVar("_Key")


@dataclass(slots=True)
class Day:
    """All that was counted."""

    at: datetime
    """When the last of its batches was written, in UTC."""
    release: str
    statements: dict[str, Counted] = field(default_factory=dict)
    """By fingerprint."""
    callers: dict[tuple[str, str, str], Counted] = field(default_factory=dict)
    """By fingerprint, origin and place."""

    def add(self, counted: Counted) -> None:
        """Add what one process counted."""
        _add(self.statements, counted.fingerprint, counted)
        _add(self.callers, (counted.fingerprint, counted.origin, counted.place), counted)

    def forget(self, fingerprints: Collection[str]) -> None:
        """Count statements among the others."""
        gone = set(fingerprints)
        for key in [key for key in self.callers if key[0] in gone]:
            self._count_among_others(self.callers.pop(key))
        for fingerprint in gone:
            del self.statements[fingerprint]

    def _count_among_others(self, counted: Counted) -> None:
        other = copy(counted)
        other.fingerprint, other.shape = OTHER_STATEMENTS.fingerprint, OTHER_STATEMENTS.text
        other.origin = other.place = ""
        self.add(other)


def _add(where: dict[_Key, Counted], key: _Key, counted: Counted) -> None:
    if key in where:
        where[key].add(counted)
    else:
        where[key] = copy(counted)
