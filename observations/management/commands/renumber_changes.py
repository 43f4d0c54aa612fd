"""After a restore from a dump: bring what changed elsewhere into this database's order of changes."""

from typing import Any

from django.core.management.base import BaseCommand

from clinical_engine.common.database import execute
from submitters.models import Organisation

_SLICE = 5_000


class Command(BaseCommand):
    """See docs/decisions/change-feed.md."""

    help = "Make results that came with a dump the first ones of the feed of changes. May be stopped and started again."

    def handle(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - Django's signature
        """Renumber in slices, each a transaction of its own."""
        renumbered = 0
        for organisation_id in Organisation.objects.order_by("pk").values_list("pk", flat=True):
            while number := _renumber(organisation_id):
                renumbered += number
                self.stdout.write(f"{renumbered:,} results")
        self.stdout.write(f"{renumbered:,} results stand at the beginning of the feed.")


def _renumber(organisation_id: object) -> int:
    return execute(
        """
        UPDATE observations_observation SET changed_in = '0' WHERE id IN (
            SELECT id FROM observations_observation
            WHERE organisation_id = %s AND changed_in >= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY changed_in, id LIMIT %s
        )
        """,
        [organisation_id, _SLICE],
    )
