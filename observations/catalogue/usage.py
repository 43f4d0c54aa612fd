"""Whether stored readings have a unit, an answer or a part that is to be taken out of the catalogue."""

from collections.abc import Sequence
from enum import Enum

from django.db import OperationalError, transaction

from clinical_engine.common.database import array_literal, execute, fetch_all
from observations.models import Code

# Readings have no index for this, which every reading would pay for and people ask once in a year. What is not found by then
# counts as used.
_PATIENCE_MS = 10_000
_USED = """
    WITH panel AS (SELECT panel_id AS id FROM observations_codepart WHERE part_id = %(code_id)s)
    SELECT gone.name FROM unnest(%(names)s::text[]) AS gone (name), (SELECT %(code)s::text) AS part (code)
    WHERE EXISTS (SELECT 1 FROM observations_measurement reading WHERE code_id = %(code_id)s AND {itself})
       OR EXISTS (SELECT 1 FROM observations_measurement reading WHERE code_id IN (SELECT id FROM panel) AND {as_part})
       OR EXISTS (SELECT 1 FROM observations_measurementconflict reading WHERE code_id = %(code_id)s AND {itself})
       OR EXISTS (SELECT 1 FROM observations_measurementconflict reading WHERE code_id IN (SELECT id FROM panel) AND {as_part})
"""


class Use(Enum):
    """How a reading has something: SQL for a reading of the code itself, and for one of which the code is a part."""

    UNIT = ("reading.unit = gone.name", "reading.components -> part.code ->> 'unit' = gone.name")
    ANSWER = ("reading.value_answer = gone.name", "reading.components -> part.code ->> 'answer' = gone.name")
    PART = ("jsonb_exists(reading.components, gone.name)", "false")


def used(code: Code, use: Use, names: Sequence[str]) -> list[str] | None:
    """Those of the names that a stored reading of the code has, alone or as a part; None where that takes too long to tell."""
    itself, as_part = use.value
    values = {"code_id": code.pk, "code": code.code, "names": array_literal(names)}
    try:
        with transaction.atomic():
            limit_patience()
            return [name for (name,) in fetch_all(_USED.format(itself=itself, as_part=as_part), values)]
    except OperationalError:
        return None


def limit_patience() -> None:
    """Let statements of this transaction end themselves after ten seconds; a savepoint that is rolled back takes it back."""
    execute("SELECT set_config('statement_timeout', %s, true)", [str(_PATIENCE_MS)])
