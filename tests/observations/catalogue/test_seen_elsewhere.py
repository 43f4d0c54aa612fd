"""A change of the catalogue holds at once: in this connection, in others, and for readings that are on their way."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import IntegrityError, transaction

from clinical_engine.common.database import execute
from clinical_engine.common.errors import NotAllowedNowError
from observations.catalogue import catalogue
from observations.catalogue.services import remove_code
from observations.models import Code, CodeUnit, Measurement
from tests import factories
from tests.admin.world import record
from tests.jobs.support import elsewhere, wait_for_a_lock_to_be_waited_for
from tests.observations.catalogue.editing import PEAK_FLOW, REASON, add, edit

CODE = PEAK_FLOW.code


@pytest.fixture
def edited(committed_db: None) -> Iterator[None]:
    """A database in which the catalogue is edited for real, and is as it was afterwards."""
    yield
    execute("TRUNCATE observations_measurement CASCADE")
    if Code.objects.filter(code=CODE).exists():
        remove()


def remove() -> None:
    remove_code(actor=None, code_id=Code.objects.get(code=CODE).pk, reason=REASON)


def units() -> list[str]:
    return list(catalogue().by_code[CODE].units)


def units_elsewhere() -> list[str]:
    with elsewhere(units) as found:
        return found.result()


@pytest.mark.usefixtures("edited")
def test_a_change_is_seen_here_and_in_another_connection_at_once() -> None:
    assert CODE not in catalogue().by_code
    add(PEAK_FLOW)
    assert units() == units_elsewhere() == ["L/min", "mL/s"]
    edit(CODE, units=("L/min", "mL/s", "mL/min"))
    assert units() == units_elsewhere() == ["L/min", "mL/s", "mL/min"]
    remove()
    assert CODE not in catalogue().by_code


@pytest.mark.usefixtures("edited")
def test_a_change_that_is_made_elsewhere_is_seen_here_at_once() -> None:
    add(PEAK_FLOW)
    assert units() == ["L/min", "mL/s"]
    with elsewhere(lambda: edit(CODE, units=("L/min",))) as done:
        assert done.result()
    assert units() == ["L/min"]


@pytest.mark.usefixtures("edited")
def test_a_change_is_seen_by_others_when_it_is_committed_and_not_when_it_is_taken_back() -> None:
    add(PEAK_FLOW)
    with transaction.atomic():
        edit(CODE, units=("L/min",))
        assert units() == ["L/min"]
        assert units_elsewhere() == ["L/min", "mL/s"]
        transaction.set_rollback(True)
    assert units() == ["L/min", "mL/s"]


@pytest.mark.usefixtures("edited")
def test_a_row_that_is_edited_by_hand_is_seen_too() -> None:
    add(PEAK_FLOW)
    assert units() == ["L/min", "mL/s"]
    CodeUnit.objects.filter(code__code=CODE, unit="mL/s").delete()
    assert units() == units_elsewhere() == ["L/min"]


@pytest.mark.usefixtures("edited")
def test_a_reading_on_its_way_is_refused_whole_when_its_code_is_removed_meanwhile() -> None:
    add(PEAK_FLOW)
    reading = factories.reading("p", code=CODE, unit="L/min")
    owner = factories.organisation()

    @transaction.atomic
    def record_while_it_is_removed() -> None:
        record(owner, reading)
        with elsewhere(remove) as done:
            done.result()

    with pytest.raises(IntegrityError):
        record_while_it_is_removed()
    assert not Measurement.objects.exists()


@pytest.mark.usefixtures("edited")
def test_of_two_who_edit_one_code_at_once_the_second_is_told() -> None:
    add(PEAK_FLOW)
    with ExitStack() as stack:
        with transaction.atomic():
            edit(CODE, display="One")
            other = stack.enter_context(elsewhere(lambda: edit(CODE, display="Two")))
            wait_for_a_lock_to_be_waited_for()
        with pytest.raises(NotAllowedNowError, match="changed meanwhile"):
            other.result()
    assert catalogue().by_code[CODE].display == "One"
