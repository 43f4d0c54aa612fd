"""Statements of several patients and submitters, delivered in any order and batches, with folds run again in between."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import folding
from patients.models import Statement
from patients.periods import Said, fold
from tests import factories
from tests.patients.histories import at, minutes
from tests.patients.test_folding import periods_of, say, table, undone

Work = Callable[[], int]


@dataclass(frozen=True)
class Spoken:
    """One statement of a made-up delivery."""

    patient: str
    submitter: int
    minute: int
    active: bool


@dataclass
class Delivery:
    """Statements in the order of arrival; after each some jobs are worked off, or the folds of some are run again."""

    statements: list[tuple[str, Spoken]] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    spoken = draw(
        st.lists(
            st.builds(Spoken, st.sampled_from(["p-1", "p-2"]), st.integers(0, 1), minutes, st.booleans()),
            min_size=1,
            max_size=9,
        )
    )
    names = draw(st.permutations(range(len(spoken))))
    after = st.sampled_from(["nothing", "work", "the last again", "all again"])
    return Delivery(
        [(f"s-{name}", one) for name, one in zip(names, spoken, strict=True)],
        draw(st.lists(after, min_size=len(spoken), max_size=len(spoken))),
    )


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivery=deliveries())
def test_in_any_order_and_batches_with_any_reruns_the_table_shows_the_fold(
    work: Work, delivery: Delivery
) -> None:
    with undone():
        organisation = factories.organisation()
        submitters = [factories.submitter(organisation) for _ in range(2)]
        ids: list[UUID] = []
        for (client_id, spoken), after in zip(delivery.statements, delivery.after, strict=True):
            submitter = submitters[spoken.submitter]
            ids.append(
                say(
                    submitter,
                    active=spoken.active,
                    minute=spoken.minute,
                    external_id=spoken.patient,
                    client_id=client_id,
                )
            )
            if after == "work":
                work()
            elif after != "nothing":
                folding.fold_periods(statement_ids=ids[-1:] if after == "the last again" else ids)
        work()
        for number, submitter in enumerate(submitters):
            for patient in ("p-1", "p-2"):
                said = [
                    Said(at(spoken.minute), client_id, spoken.active)
                    for client_id, spoken in delivery.statements
                    if (spoken.submitter, spoken.patient) == (number, patient)
                ]
                assert periods_of(submitter, patient) == fold(said)
        assert not Statement.objects.filter(fulfilled_at=None).exists()
        before = table()
        folding.fold_periods(statement_ids=ids)
        assert table() == before
