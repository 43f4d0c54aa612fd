"""No value that somebody sends is in a batch, whatever way it is sent and whatever becomes of it."""

import io
import string
import zlib
from contextlib import suppress
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg2 import sql
from psycopg2.extras import execute_values

from clinical_engine.profiling.capture.units import unit_of_work
from tests.profiling.capture.support import Noted, capturing

pytestmark = pytest.mark.django_db
# Something that can be told from whatever a batch has otherwise.
TEXTS = st.tuples(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    st.text(string.ascii_uppercase + string.digits, min_size=9, max_size=12),
    st.text(" '\"\\$%(){}[];:,-/*?\n", max_size=6),
)
NUMBERS = st.integers(10**9, 10**15)


def _send(cursor: Any, text: str, number: int) -> None:
    """All ways, and each of them also so that it fails."""
    literal = text.replace("'", "''").replace("%", "%%")
    cursor.execute("SELECT %s, %s", [text, number])
    cursor.execute("SELECT %(text)s, %(numbers)s", {"text": text, "numbers": [number, number + 1]})
    cursor.execute(f"SELECT '{literal}' AS inlined, {number}, -{number}.5e3 LIMIT {number}", [])
    cursor.execute(f"SELECT 1 WHERE '{literal}' IN ('{literal}', '{literal}') OR 1 = {number}", [])
    cursor.execute(sql.SQL("SELECT {}, {}").format(sql.Literal(text), sql.Literal(number)))
    cursor.execute(cursor.mogrify("SELECT %s, %s", [text, number]))
    cursor.executemany("INSERT INTO sent VALUES (%s, %s)", [[number, text], [number, text]])
    execute_values(cursor.cursor, "INSERT INTO sent VALUES %s", [(number, text)] * 3)
    cursor.callproc("concat", [text, number])
    list(User.objects.filter(username__in=[text, str(number)], pk__gt=number))
    list(User.objects.filter(username__contains=text).iterator())
    for fails in ("SELECT 1 / (%s - %s), %s", "SELECT %s::int, %s, %s", "SELECT nothing, %s, %s, %s"):
        with suppress(Error), transaction.atomic():
            cursor.execute(fails, [number, number, text])
    with suppress(psycopg2.Error), transaction.atomic():
        cursor.copy_expert("COPY sent FROM STDIN", io.StringIO(f"{number}\t{text}\nno number\t{text}\n"))
    with suppress(Error, ValueError), transaction.atomic():
        cursor.execute(f"SELECT '{literal}', {number} nothing nothing '{literal}")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, NUMBERS)
@example(("", "JANEDOE42", "'"), 4_711_471_147)
@example(("$$", "JANEDOE42", "\\"), 4_711_471_147)
@example(("--", "JANEDOE42", "*/"), 4_711_471_147)
def test_no_value_is_in_a_batch(parts: tuple[str, str, str], number: int) -> None:
    noted = Noted()
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("CREATE TEMPORARY TABLE sent (id bigint, name text) ON COMMIT DROP")
        with capturing() as noted, unit_of_work("job a"):
            _send(cursor, "".join(parts), number)
        cursor.execute("DROP TABLE sent")
    content = zlib.decompress(noted.content())
    assert b"inlined" in content
    assert parts[1].encode() not in content
    assert parts[1].lower().encode() not in content
    assert str(number).encode() not in content
