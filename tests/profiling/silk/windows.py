"""Windows as tests open them, and rounds in which this process learns of them."""

import psycopg2
from django.contrib.auth.models import User
from django.db import connection

from clinical_engine.profiling.models import ProfilingWindow
from clinical_engine.profiling.silk import windows
from clinical_engine.profiling.silk.open_windows import OpenWindows, open_windows
from clinical_engine.profiling.silk.room import room
from tests import factories


def opened(
    origin: str, *, minutes: int = 10, per_cent: int = 100, actor: User | None = None
) -> ProfilingWindow:
    """A window that is open, of which this process does not know yet."""
    actor = actor or factories.user()
    return windows.start(actor=actor, origin=origin, minutes=minutes, per_cent=per_cent, reason="A test")


def do_a_round(known: OpenWindows = open_windows) -> None:
    """As every process does now and then, over the test's own connection."""
    connection.ensure_connection()
    with connection.connection.cursor(cursor_factory=psycopg2.extensions.cursor) as cursor:
        known.renew(cursor)
        room.renew(cursor)
