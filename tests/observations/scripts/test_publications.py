"""Which script version is in force at a time: the publication time line."""

from datetime import datetime

import pytest
from django.db import DatabaseError, transaction

from observations.models import ObservationScript, Publication, ScriptVersion
from observations.scripts.publications import TimeLine, time_lines
from observations.scripts.publishing import pin, roll_back, unpin, withdraw
from submitters.models import Organisation
from tests import factories
from tests.factories import NOON, days
from tests.observations.scripts.writing import PULSE, content, draft, publish, reads

pytestmark = pytest.mark.django_db
WRITTEN = content("result = pulse", {"pulse": reads(PULSE)})
DAYS = (-0.001, 0, 1, 2, 5, 999)


def put_in_force(day: float) -> ScriptVersion:
    return publish("pulse", WRITTEN, NOON + days(day))


def line() -> TimeLine:
    [found] = time_lines()
    return found


def in_force(organisation: Organisation | None = None) -> list[int | None]:
    """The numbers of the versions in force on the days above."""
    found = [line().in_force(NOON + days(day), organisation.id if organisation else None) for day in DAYS]
    return [None if version is None else version.number for version in found]


def test_a_version_is_in_force_from_its_time_on_until_the_next_one_is() -> None:
    put_in_force(0)
    put_in_force(2)
    assert in_force() == [None, 1, 1, 2, 2, 2]


def test_of_two_versions_of_one_time_the_one_published_later_is_in_force() -> None:
    put_in_force(0)
    put_in_force(0)
    assert in_force() == [None, 2, 2, 2, 2, 2]


def test_a_fix_published_later_for_an_earlier_time_replaces_what_came_into_force_meanwhile() -> None:
    put_in_force(0)
    put_in_force(5)
    put_in_force(2)
    assert in_force() == [None, 1, 1, 3, 3, 3]


def test_a_draft_is_never_in_force_and_a_script_of_drafts_only_has_no_time_line() -> None:
    draft("pulse", WRITTEN)
    assert time_lines() == []
    put_in_force(0)
    draft("pulse", WRITTEN)
    assert in_force() == [None, 2, 2, 2, 2, 2]


def test_what_is_rolled_back_to_is_in_force_again_from_the_time_said() -> None:
    first = put_in_force(0)
    put_in_force(2)
    roll_back(actor=factories.user(), to=first, effective_from=NOON + days(5), reason="Wrong")
    assert in_force() == [None, 1, 1, 2, 1, 1]
    roll_back(actor=factories.user(), to=first, effective_from=NOON + days(2), reason="All of it was wrong")
    assert in_force() == [None, 1, 1, 1, 1, 1]


def test_a_pin_holds_in_one_organisation_only_and_until_it_is_lifted() -> None:
    here, elsewhere = factories.organisation(), factories.organisation()
    first = put_in_force(0)
    put_in_force(1)
    pin(
        actor=factories.user(),
        version=first,
        organisation=here,
        effective_from=NOON + days(1),
        reason="Study",
    )
    put_in_force(2)
    assert in_force(here) == [None, 1, 1, 1, 1, 1]
    assert in_force(elsewhere) == in_force() == [None, 1, 2, 3, 3, 3]
    unpin(
        actor=factories.user(),
        script=first.script,
        organisation=here,
        effective_from=NOON + days(5),
        reason="Study over",
    )
    assert in_force(here) == [None, 1, 1, 1, 3, 3]


def test_a_withdrawn_script_has_no_version_in_force() -> None:
    version = put_in_force(0)
    withdraw(
        actor=factories.user(), script=version.script, effective_from=NOON + days(2), reason="No longer used"
    )
    assert in_force() == [None, 1, 1, None, None, None]
    put_in_force(5)
    assert in_force() == [None, 1, 1, None, 2, 2]


def test_a_script_of_one_organisation_is_in_force_there_only() -> None:
    here = factories.organisation()
    put_in_force(0)
    ObservationScript.objects.update(organisation=here)
    assert in_force(here) == [None, 1, 1, 1, 1, 1]
    assert in_force(factories.organisation()) == [None] * len(DAYS)


def test_the_same_time_lines_are_given_until_something_is_published_or_suspended() -> None:
    version = put_in_force(0)
    before = time_lines()
    assert time_lines() is before
    ScriptVersion.objects.filter(pk=version.pk).update(suspended_at=NOON)
    assert time_lines() is not before
    assert line().versions[0].is_suspended


@pytest.mark.parametrize("changed", [{"source": "result = 1"}, {"inputs": {}}, {"test_cases": []}])
def test_the_database_refuses_to_change_what_is_published(changed: dict[str, object]) -> None:
    version = put_in_force(0)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        ScriptVersion.objects.filter(pk=version.pk).update(**changed)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Publication.objects.update(effective_from=datetime.now(tz=NOON.tzinfo))
    assert in_force() == [None, 1, 1, 1, 1, 1]
