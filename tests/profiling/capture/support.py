"""Statements sent for the capture to see, and what it noted of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clinical_engine.common.database import fetch_all
from clinical_engine.profiling.capture import batches, units
from clinical_engine.profiling.capture.batches import Counted
from clinical_engine.profiling.capture.tally import Tally


class Noted:
    """What was captured, as it stands in a batch."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._counted: list[Counted] | None = None

    @property
    def counted(self) -> Sequence[Counted]:
        if self._counted is None:
            self._counted = batches.decoded(self.content()).counted
        return self._counted

    def content(self) -> bytes:
        """The batch itself. What was counted is in no other after that."""
        return batches.encoded("r1", self.tally.taken())

    def of(self, words: str) -> Counted:
        """The only one whose shape has these words, large or small."""
        found = [each for each in self.counted if words.lower() in each.shape.lower()]
        assert len(found) == 1, [each.shape for each in self.counted]
        return found[0]


@contextmanager
def capturing() -> Iterator[Noted]:
    """All that this process sends in here is noted here and nowhere else."""
    noted = Noted()
    before = units.capture_into(noted.tally.add)
    try:
        yield noted
    finally:
        units.capture_into(before)


def nobody_is_connected() -> bool:
    """Whether nobody but this thread has a connection to the database."""
    [(others,)] = fetch_all(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    return int(others) == 0
