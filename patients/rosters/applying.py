"""Applying a roster's changes: statements, and the associations that follow, slice by slice."""

from collections.abc import Mapping

from uuid_utils import uuid7

from clinical_engine.common.database import execute, fetch_all
from patients.folding import fold_locked
from patients.locks import lock_patients
from patients.models import Roster
from patients.registry import ChangedPeriods, tell_changed_periods

# A single link of the same submitter waits milliseconds for a slice of this size (shared reference, 'One link while 1,000,000
# links of the same submitter are written'), and the whole takes hardly longer than in one statement.
SLICE = 5000

_OF_SLICE = "roster_id = %(roster)s AND position > %(after)s AND position <= %(up_to)s"


def apply_slice(roster: Roster) -> int:
    """State what the next changes say and bring the associations in line; how many changes were settled, 0 when none is left.

    Within the caller's transaction and under the patients' locks. A change whose patient was spoken of later than `as_of`
    meanwhile is left alone and counted as newer. Sets the roster's counts, which the caller saves.
    """
    up_to = min(roster.done + SLICE, roster.to_do)
    slice_ = {"roster": roster.pk, "after": roster.done, "up_to": up_to, "as_of": roster.as_of}
    if roster.done == up_to:
        return 0
    _know_all_patients(roster, slice_)
    [(patients,)] = fetch_all(
        f"SELECT array_agg(patient_id)::text FROM patients_rosterchange WHERE {_OF_SLICE}",  # noqa: S608 - a constant
        slice_,
    )
    # The statement that locks may wait: what happened meanwhile only the next one sees.
    lock_patients(patients)
    slice_ |= {"submitter": roster.submitter_id}
    [(spoken_of, number_spoken_of, newer, number_newer)] = fetch_all(_SPOKEN_OF, slice_)
    roster.newer += number_newer
    slice_ |= {"newer": newer or "{}", "spoken_of": spoken_of or "{}"}
    settled = up_to - roster.done
    _state(roster, slice_, settled)
    if number_spoken_of < settled:
        _link_the_others(roster, slice_)
    # Those whom something newer is said of are folded too: cheaper than to tell them apart, and it changes nothing.
    if spoken_of:
        fold_locked(spoken_of)
    roster.done = up_to
    return settled


def _know_all_patients(roster: Roster, slice_: Mapping[str, object]) -> None:
    """Create the patients that are still unknown, by external id, as everywhere: others may be creating the same ones."""
    slice_ = {**slice_, "organisation": roster.organisation_id}
    [(unknown,)] = fetch_all(
        f"SELECT count(*) FROM patients_rosterchange WHERE {_OF_SLICE} AND external_id <> ''",  # noqa: S608 - a constant
        slice_,
    )
    if not unknown:
        return
    created = execute(
        f"""
        INSERT INTO patients_patient (id, organisation_id, external_id)
        SELECT patient_id, %(organisation)s, external_id FROM patients_rosterchange
        WHERE {_OF_SLICE} AND external_id <> '' ORDER BY external_id
        ON CONFLICT (organisation_id, external_id) DO NOTHING
        """,  # noqa: S608 - a constant
        slice_,
    )
    if created < unknown:
        # Somebody else has created them since the comparison, under ids of their own.
        execute(
            f"""
            UPDATE patients_rosterchange change SET patient_id = patient.id FROM patients_patient patient
            WHERE {_OF_SLICE} AND change.external_id <> '' AND change.patient_id <> patient.id
              AND patient.organisation_id = %(organisation)s AND patient.external_id = change.external_id
            """,  # noqa: S608 - a constant
            slice_,
        )


# Spoken of before, and later than the roster, by the rule of the comparison: at that very instant too, unless by a roster. Who
# would be unlinked always was: their association comes from somewhere.
_SPOKEN_OF = f"""
    SELECT array_agg(change.patient_id)::text, count(*),
           array_agg(change.patient_id) FILTER (WHERE is_newer)::text, count(*) FILTER (WHERE is_newer)
    FROM patients_rosterchange change
    LEFT JOIN LATERAL (
        SELECT effective_at > %(as_of)s OR effective_at = %(as_of)s AND source <> 'roster' AS is_newer
        FROM patients_statement statement
        WHERE statement.patient_id = change.patient_id AND statement.submitter_id = %(submitter)s
        ORDER BY effective_at DESC, source = 'roster' LIMIT 1
    ) AS said ON true
    WHERE {_OF_SLICE} AND (is_newer IS NOT NULL OR kind = 'deactivation')
"""  # noqa: S608 - a constant


def _state(roster: Roster, slice_: dict[str, object], number: int) -> None:
    """Write the slice's statements, fulfilled by what this transaction writes next."""
    execute(
        f"""
        INSERT INTO patients_statement (id, organisation_id, patient_id, submitter_id, kind, effective_at, client_id, source,
                                        api_client_id, actor_id, job_id, received_at, due_at, fulfilled_at)
        SELECT new.id, %(organisation)s, change.patient_id, %(submitter)s, change.kind, change.effective_at,
               'roster ' || change.roster_id || ' ' || change.patient_id, 'roster', %(api_client)s, %(actor)s, %(job)s,
               %(received_at)s, now(), now()
        FROM patients_rosterchange change
        JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS new (id, number) ON new.number = change.position - %(after)s
        WHERE {_OF_SLICE} AND NOT EXISTS (
            SELECT FROM unnest(%(newer)s::uuid[]) AS newer (patient_id) WHERE newer.patient_id = change.patient_id
        )
        ORDER BY change.position
        """,  # noqa: S608 - a constant
        {
            **slice_,
            "organisation": roster.organisation_id,
            "api_client": roster.api_client_id,
            "actor": roster.actor_id,
            "job": roster.job_id,
            "received_at": roster.received_at,
            "ids": _new_ids(number),
        },
    )


# Of most patients of a first roster nothing was ever said: their one period is what the statement says, nothing need be folded.
_OTHERS = f"""
    SELECT change.patient_id, change.effective_at FROM patients_rosterchange change
    WHERE {_OF_SLICE} AND NOT EXISTS (
        SELECT FROM unnest(%(spoken_of)s::uuid[]) AS spoken_of (patient_id) WHERE spoken_of.patient_id = change.patient_id
    )
"""  # noqa: S608 - a constant


def _link_the_others(roster: Roster, slice_: Mapping[str, object]) -> None:
    tell_changed_periods(ChangedPeriods(_OTHERS, slice_))
    execute(
        f"""
        INSERT INTO patients_association (organisation_id, patient_id, submitter_id, associated_at)
        SELECT %(organisation)s, other.patient_id, %(submitter)s, other.since
        FROM ({_OTHERS}) AS other (patient_id, since) ORDER BY other.patient_id
        """,  # noqa: S608 - a constant
        {**slice_, "organisation": roster.organisation_id},
    )


def _new_ids(number: int) -> str:
    """That many new UUIDv7, as an array literal. Not as `UUID`s: making those would take longer than inserting the rows."""
    return "{" + ",".join(str(uuid7()) for _ in range(number)) + "}"
