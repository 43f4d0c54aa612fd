"""Several people who start the same backfill, or draft of the same version, at the same moment."""

from threading import Barrier

import pytest

from clinical_engine.common.errors import NotAllowedNowError
from observations.backfill.mending import start_unless_under_way
from observations.models import Backfill
from observations.scripts.starting import new_draft
from tests import factories
from tests.factories import NOON
from tests.observations.backfill.support import PLAIN
from tests.observations.scripts.writing import publish
from tests.patients.concurrency import Threads

pytestmark = pytest.mark.usefixtures("committed_db")
PEOPLE = 4


def test_of_several_who_start_it_at_once_one_does_and_the_others_are_led_to_it() -> None:
    script, together = publish("rate", PLAIN).script, Barrier(PEOPLE)
    people = [factories.user() for _ in range(PEOPLE)]

    def start(number: int) -> tuple[Backfill, bool]:
        together.wait()
        return start_unless_under_way(
            actor=people[number], script=script, organisation=None, since=NOON, reason="ticket 12"
        )

    with Threads(PEOPLE) as threads:
        started = [threads.start(start, number) for number in range(PEOPLE)]
        answers = [each.result() for each in started]
    backfill = Backfill.objects.get()
    assert {found.pk for found, _ in answers} == {backfill.pk}
    assert sum(is_new for _, is_new in answers) == 1


def test_of_several_who_make_the_draft_that_one_page_offers_one_does_and_the_others_are_told() -> None:
    script, together = publish("rate", PLAIN).script, Barrier(PEOPLE)
    people = [factories.user() for _ in range(PEOPLE)]

    def make(number: int) -> str:
        together.wait()
        try:
            new_draft(actor=people[number], script=script, newest=1)
        except NotAllowedNowError as error:
            return str(error)
        return ""

    with Threads(PEOPLE) as threads:
        made = [threads.start(make, number) for number in range(PEOPLE)]
        answers = sorted(each.result() for each in made)
    assert answers == ["", *["v2 was drafted meanwhile: nothing was drafted beside it."] * (PEOPLE - 1)]
    assert script.versions.count() == 2
