"""Two people who put something in force at the same moment."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User

from clinical_engine.common.errors import NotAllowedNowError
from observations.models import Publication, ScriptVersion
from observations.scripts.publishing import propose, publish_proposed, roll_back, withdraw
from tests import factories
from tests.factories import NOON
from tests.observations.scripts.writing import PULSE, content, draft, publish, reads
from tests.patients.concurrency import Threads

pytestmark = pytest.mark.usefixtures("committed_db")
WRITTEN = content("result = pulse", {"pulse": reads(PULSE)})


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Do all of it at the same moment; what was refused."""
    together = Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> str:
        together.wait()
        try:
            deed()
        except NotAllowedNowError as error:
            return str(error)
        return ""

    with Threads(len(deeds)) as threads:
        started: list[Future[str]] = [threads.start(do, deed) for deed in deeds]
        answers = [future.result() for future in started]
    return [answer for answer in answers if answer]


def people(number: int) -> list[User]:
    return [factories.user() for _ in range(number)]


def test_of_two_people_who_publish_one_proposal_one_does_and_the_other_is_told() -> None:
    version = draft("pulse", WRITTEN)
    author, *others = people(3)
    propose(actor=author, version=version, effective_from=NOON)
    refused = at_once(*(lambda who=who: publish_proposed(actor=who, version=version) for who in others))
    assert refused == ["This version was published meanwhile. Look at it as it is now."]
    assert Publication.objects.count() == 1


def test_two_proposals_published_at_once_both_count_one_after_the_other() -> None:
    versions = [draft("pulse", WRITTEN), draft("pulse", WRITTEN)]
    author, *others = people(3)
    for version in versions:
        propose(actor=author, version=version, effective_from=NOON)
    pairs = zip(others, versions, strict=True)
    refused = at_once(
        *(lambda who=who, one=one: publish_proposed(actor=who, version=one) for who, one in pairs)
    )
    assert refused == []
    assert Publication.objects.count() == ScriptVersion.objects.exclude(published_at=None).count() == 2


def test_of_a_roll_back_and_a_withdrawal_on_the_same_page_only_one_is_done() -> None:
    first, second = publish("pulse", WRITTEN), publish("pulse", WRITTEN, NOON)
    seen = Publication.objects.latest("pk").pk
    one, other = people(2)
    said: dict[str, Any] = {"effective_from": NOON, "reason": "wrong", "seen": seen}
    refused = at_once(
        lambda: roll_back(actor=one, to=first, **said),
        lambda: withdraw(actor=other, script=second.script, **said),
    )
    assert len(refused) == 1
    assert "meanwhile" in refused[0]
    assert Publication.objects.count() == 3
