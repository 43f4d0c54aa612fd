"""Putting versions in force: what each deed needs, who may do it, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from observations.models import ObservationScript, Publication, PublicationKind, ScriptVersion
from observations.scripts.content import content_of
from observations.scripts.drafting import discard_draft, draft_version, save_draft
from observations.scripts.publishing import (
    SECOND_PERSON,
    pin,
    propose,
    publish_proposed,
    resume,
    roll_back,
    take_back_proposal,
    unpin,
    withdraw,
)
from observations.scripts.starting import new_draft, start_script
from tests import factories
from tests.factories import NOON, days
from tests.observations.scripts.writing import PULSE, content, draft, publish, reads, script_named

pytestmark = pytest.mark.django_db
WRITTEN = content("result = pulse", {"pulse": reads(PULSE)})
RED = content(
    "result = pulse",
    {"pulse": reads(PULSE)},
    test_cases=[{"name": "half", "inputs": {"pulse": 60}, "expected": {"result": 30}}],
)


@pytest.fixture
def author() -> User:
    return factories.user()


@pytest.fixture
def second() -> User:
    return factories.user()


def drafted(author: User, written: object = WRITTEN) -> ScriptVersion:
    return draft_version(actor=author, script=script_named("pulse"), code="result-of-pulse", content=written)  # type: ignore[arg-type]


def proposed(author: User) -> ScriptVersion:
    version = drafted(author)
    propose(actor=author, version=version, effective_from=NOON)
    version.refresh_from_db()
    return version


def test_two_people_put_a_version_in_force_from_the_time_proposed(author: User, second: User) -> None:
    version = proposed(author)
    made = publish_proposed(actor=second, version=version, reason="looked at", seen=version.proposed_at)
    version.refresh_from_db()
    assert version.published_at is not None
    assert (made.version_id, made.effective_from, made.kind) == (version.pk, NOON, PublicationKind.PUBLISH)
    assert (made.proposed_by_id, made.published_by_id) == (author.pk, second.pk)
    actions = (
        AuditEntry.objects.filter(target_id=str(version.pk)).order_by("pk").values_list("action", "actor")
    )
    assert list(actions) == [
        ("script.draft", author.pk),
        ("script.propose", author.pk),
        ("script.publish", second.pk),
    ]


def test_who_wrote_it_does_not_publish_it_though_another_proposed_it(author: User, second: User) -> None:
    version = drafted(author)
    propose(actor=second, version=version, effective_from=NOON)
    for actor in (author, second):
        with pytest.raises(NotAllowedNowError, match=SECOND_PERSON):
            publish_proposed(actor=actor, version=version)
    publish_proposed(actor=factories.user(), version=version)
    assert Publication.objects.count() == 1


def test_only_a_version_with_test_cases_that_all_pass_is_proposed(author: User) -> None:
    for written, why in [(RED, "half"), (content("result = 1", {}, test_cases=[]), "no test case")]:
        version = drafted(author, written)
        with pytest.raises(NotAllowedNowError, match=why):
            propose(actor=author, version=version, effective_from=NOON)
        version.refresh_from_db()
        assert version.proposed_at is None


def test_what_was_proposed_green_and_is_red_by_now_is_not_published(author: User, second: User) -> None:
    version = proposed(author)
    ScriptVersion.objects.filter(pk=version.pk).update(test_cases=RED.test_cases)
    with pytest.raises(NotAllowedNowError, match="half"):
        publish_proposed(actor=second, version=version)
    assert not Publication.objects.exists()


def test_an_edit_takes_the_proposal_back_and_one_proposed_anew_is_looked_at_anew(
    author: User, second: User
) -> None:
    version = proposed(author)
    seen = version.proposed_at
    changed = content("result = pulse + 0", {"pulse": reads(PULSE)})
    save_draft(actor=author, version=version, content=changed, seen=version.edited_at)
    with pytest.raises(NotAllowedNowError, match="not proposed"):
        publish_proposed(actor=second, version=version, seen=seen)
    propose(actor=author, version=version, effective_from=NOON + timedelta(days=1))
    with pytest.raises(NotAllowedNowError, match="proposed anew"):
        publish_proposed(actor=second, version=version, seen=seen)
    assert not Publication.objects.exists()


def test_a_proposal_is_taken_back_and_can_be_made_again_but_not_twice(author: User) -> None:
    version = proposed(author)
    with pytest.raises(NotAllowedNowError, match="proposed already"):
        propose(actor=author, version=version, effective_from=NOON)
    take_back_proposal(actor=author, version=version, reason="too early")
    with pytest.raises(NotAllowedNowError, match="not proposed"):
        take_back_proposal(actor=author, version=version, reason="again")
    propose(actor=author, version=version, effective_from=NOON)
    version.refresh_from_db()
    assert version.proposed_effective_from == NOON


def test_what_is_published_is_neither_proposed_published_nor_discarded_again(
    author: User, second: User
) -> None:
    version = publish("pulse", WRITTEN)
    with pytest.raises(NotAllowedNowError, match="published already"):
        propose(actor=author, version=version, effective_from=NOON)
    with pytest.raises(NotAllowedNowError, match="published meanwhile"):
        publish_proposed(actor=second, version=version)
    with pytest.raises(NotAllowedNowError, match="is published"):
        discard_draft(actor=author, version=version, reason="by mistake")
    assert Publication.objects.count() == 1


def test_a_draft_is_neither_rolled_back_to_nor_pinned(author: User) -> None:
    version, here = drafted(author), factories.organisation()
    with pytest.raises(NotAllowedNowError, match="never published"):
        roll_back(actor=author, to=version, effective_from=NOON, reason="wrong")
    with pytest.raises(NotAllowedNowError, match="never published"):
        pin(actor=author, version=version, organisation=here, effective_from=NOON, reason="a study")
    assert not Publication.objects.exists()


def test_a_script_of_one_organisation_is_not_pinned(author: User) -> None:
    here = factories.organisation()
    version = publish("pulse", WRITTEN)
    ObservationScript.objects.update(organisation=here)
    version.refresh_from_db()
    version.script.refresh_from_db()
    with pytest.raises(NotAllowedNowError, match="one organisation's"):
        pin(actor=author, version=version, organisation=here, effective_from=NOON, reason="a study")


def test_everything_that_one_person_does_alone_needs_a_reason(author: User) -> None:
    version, here = publish("pulse", WRITTEN), factories.organisation()
    said: dict[str, Any] = {"actor": author, "effective_from": NOON, "reason": " "}
    for act in (
        lambda: roll_back(to=version, **said),
        lambda: pin(version=version, organisation=here, **said),
        lambda: unpin(script=version.script, organisation=here, **said),
        lambda: withdraw(script=version.script, **said),
        lambda: resume(actor=author, version=version, reason=""),
    ):
        with pytest.raises(RefusedError, match="reason"):
            act()
    assert Publication.objects.count() == 1


def test_whoever_saw_something_else_in_force_changes_nothing(author: User) -> None:
    first, second_version = publish("pulse", WRITTEN), publish("pulse", WRITTEN, NOON)
    seen = Publication.objects.latest("pk").pk
    roll_back(actor=author, to=first, effective_from=NOON, reason="wrong", seen=seen)
    with pytest.raises(NotAllowedNowError, match="meanwhile"):
        withdraw(actor=author, script=first.script, effective_from=NOON, reason="wrong", seen=seen)
    with pytest.raises(NotAllowedNowError, match="meanwhile"):
        roll_back(actor=author, to=second_version, effective_from=NOON, reason="right", seen=seen)
    assert Publication.objects.count() == 3


def test_a_suspended_version_is_resumed_once_and_says_from_when_results_are_missing(author: User) -> None:
    version = publish("pulse", WRITTEN)
    with pytest.raises(NotAllowedNowError, match="not suspended"):
        resume(actor=author, version=version, reason="mended")
    ScriptVersion.objects.update(suspended_at=NOON, suspended_as_of=NOON - days(3), failures_in_a_row=20)
    assert resume(actor=author, version=version, reason="mended") == NOON - days(3)
    version.refresh_from_db()
    assert (version.suspended_at, version.suspended_as_of, version.failures_in_a_row) == (None, None, 0)
    assert AuditEntry.objects.get(action="script.resume").reason == "mended"


def test_a_new_script_begins_with_a_draft_that_can_be_proposed_as_it_is(author: User) -> None:
    version = start_script(actor=author, name="rate", title="Rate", code="rate")
    propose(actor=author, version=version, effective_from=NOON)
    with pytest.raises(RefusedError, match="name"):
        start_script(actor=author, name="rate", title="Another", code="rate-2")
    with pytest.raises(RefusedError, match="code"):
        start_script(actor=author, name="rate-2", title="Another", code=PULSE)
    assert not ObservationScript.objects.filter(name="rate-2").exists()


def test_a_new_draft_says_what_is_in_force_for_all_and_not_what_is_newest(author: User) -> None:
    first = publish("pulse", WRITTEN)
    draft("pulse", content("result = pulse + 1", {"pulse": reads(PULSE)}))
    made = new_draft(actor=author, script=first.script)
    assert (made.number, content_of(made), made.edited_by_id) == (3, content_of(first), author.pk)
    assert made.published_at is None
