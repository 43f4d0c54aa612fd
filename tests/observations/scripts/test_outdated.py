"""What a publication with a past time leaves: told until a backfill has brought it in line, and no longer."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from observations.backfill import services
from observations.models import Backfill, Observation, ScriptVersion
from observations.scripts import affected, publishing
from observations.scripts.outdated import Outdated, is_left, outdated, under_way
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.backfill.support import (
    CHANGED,
    PLAIN,
    Work,
    alike,
    finished,
    publish_fix,
    started,
    step,
    with_pulses,
)
from tests.observations.facts import reading_on, record
from tests.observations.scripts.writing import (
    PULSE,
    SINCE_EVER,
    WEIGHT,
    content,
    publish,
    reads,
    reads_script,
    script_named,
)

pytestmark = pytest.mark.django_db
PERSON = "ticket 14"


@pytest.fixture
def submitter(work: Work) -> Submitter:
    """Three patients with results of four days each, all by the first version."""
    submitter = factories.submitter()
    publish("rate", PLAIN)
    with_pulses(submitter, alike(3))
    work()
    return submitter


def counts(found: list[Outdated]) -> list[tuple[Any, datetime, int, int]]:
    return [(one.organisation, one.since, one.found.results, one.found.patients) for one in found]


def version(number: int) -> ScriptVersion:
    return ScriptVersion.objects.get(script__name="rate", number=number)


def test_what_was_published_first_leaves_nothing(submitter: Submitter) -> None:
    assert outdated() == []


def test_results_since_a_past_time_are_counted_until_a_backfill_has_done_them(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(1))
    assert counts(outdated()) == [(None, NOON - days(1), 6, 3)]
    backfill = started(since=NOON - days(1))
    step(backfill, 2)
    [left] = outdated()
    assert (left.found.results, left.under_way) == (2, backfill)
    finished(backfill)
    assert outdated() == []


def test_what_readings_have_brought_in_line_by_themselves_is_counted_no_more(
    submitter: Submitter, work: Work
) -> None:
    publish_fix(since=NOON - days(1))
    record(submitter, reading_on(-1.5, 71, "p-0", code=PULSE, unit="/min"))
    work()
    assert counts(outdated()) == [(None, NOON - days(1), 4, 2)]


def test_a_publication_for_later_leaves_nothing(submitter: Submitter) -> None:
    publish_fix(since=timezone.now() + days(1))
    assert outdated() == []


def test_a_dry_run_one_that_was_cancelled_and_one_of_a_shorter_period_do_not_do_it(
    submitter: Submitter,
) -> None:
    publish_fix(since=NOON - days(1))
    finished(started(dry_run=True))
    cancelled = started()
    services.cancel(actor=factories.user(), backfill_id=cancelled.pk, reason=PERSON)
    finished(started(since=NOON))
    finished(started(until=NOON - days(0.5)))
    assert counts(outdated()) == [(None, NOON - days(1), 0, 0)]
    publish("rate", PLAIN, NOON - days(3))
    finished(started(until=NOON - days(2.5)))
    assert counts(outdated()) == [(None, NOON - days(3), 9, 3)]


def test_one_that_began_before_the_publication_does_not_do_it(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(1))
    backfill = started()
    step(backfill, 2)
    publish("rate", PLAIN, NOON - days(1))
    finished(backfill)
    # The last patient was computed by what was published meanwhile.
    assert [one.found.patients for one in outdated()] == [2]
    finished(started())
    assert outdated() == []


def test_of_several_publications_the_earliest_time_counts(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(2))
    publish("rate", PLAIN, NOON - days(1))
    assert [(one.since, one.found.results) for one in outdated()] == [(NOON - days(2), 9)]


def test_rolled_back_to_what_the_results_are_of_no_result_is_another_but_some_may_be_missing(
    submitter: Submitter,
) -> None:
    publish_fix(since=NOON - days(1))
    publishing.roll_back(actor=factories.user(), to=version(1), effective_from=NOON - days(1), reason=PERSON)
    assert counts(outdated()) == [(None, NOON - days(1), 0, 0)]
    finished(started(since=NOON - days(1)))
    assert outdated() == []


def test_results_that_a_withdrawal_ended_are_missing_after_a_roll_back_until_a_backfill_gives_them(
    submitter: Submitter,
) -> None:
    script, person = script_named("rate"), factories.user()
    publishing.withdraw(actor=person, script=script, effective_from=SINCE_EVER, reason=PERSON)
    finished(started(since=SINCE_EVER))
    assert (Observation.objects.filter(superseded_at=None).count(), outdated()) == (0, [])
    publishing.roll_back(actor=person, to=version(1), effective_from=SINCE_EVER, reason=PERSON)
    assert counts(outdated()) == [(None, SINCE_EVER, 0, 0)]
    assert is_left(script)
    finished(started(since=SINCE_EVER))
    assert Observation.objects.filter(superseded_at=None).count() == 12
    assert (outdated(), is_left(script)) == ([], False)


def test_a_first_version_for_a_past_time_leaves_the_readings_that_were_there(work: Work) -> None:
    with_pulses(factories.submitter(), alike(2))
    work()
    publish("rate", PLAIN)
    assert counts(outdated()) == [(None, SINCE_EVER, 0, 0)]
    finished(started(since=SINCE_EVER))
    assert outdated() == []


def test_a_script_that_reads_another_one_may_miss_what_that_gives(submitter: Submitter) -> None:
    publish("mean", content("result = average", {"average": reads_script("rate", output="rate")}))
    assert [(one.script.name, one.found.results) for one in outdated()] == [("mean", 0)]


def test_a_publication_leaves_nothing_where_nobody_had_a_reading_of_its_inputs_as_of_then(
    submitter: Submitter, work: Work
) -> None:
    publish("weight", content("result = weight", {"weight": reads(WEIGHT)}))
    publish_fix(since=NOON + days(1))
    assert outdated() == []
    record(submitter, reading_on(2, 71, "p-0", code=WEIGHT, unit="kg"))
    work()
    assert outdated() == [], "what came in later was computed by it"


def test_of_more_patients_than_are_looked_at_some_may_have_had_a_reading(
    submitter: Submitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("weight", content("result = weight", {"weight": reads(WEIGHT)}))
    monkeypatch.setattr(affected, "MOST_PATIENTS", 2)
    publish_fix(since=NOON + days(1))
    assert {one.script.name for one in outdated()} == {"weight", "rate"}


def test_withdrawn_every_result_since_is_too_many(submitter: Submitter) -> None:
    publishing.withdraw(
        actor=factories.user(), script=script_named("rate"), effective_from=NOON, reason=PERSON
    )
    assert counts(outdated()) == [(None, NOON, 3, 3)]


def test_a_pinned_organisation_stays_out_of_it_and_is_told_of_by_itself(
    submitter: Submitter, work: Work
) -> None:
    elsewhere = factories.submitter()
    with_pulses(elsewhere, {"q-0": (60, 70)})
    work()
    publishing.pin(
        actor=factories.user(),
        version=version(1),
        organisation=elsewhere.organisation,
        effective_from=NOON - days(30),
        reason=PERSON,
    )
    pinned = (elsewhere.organisation, NOON - days(30), 0, 0)
    assert counts(outdated()) == [pinned]
    publish_fix(since=NOON - days(1))
    assert set(counts(outdated())) == {pinned, (None, NOON - days(1), 6, 3)}
    finished(started(organisation=elsewhere.organisation))
    assert counts(outdated()) == [(None, NOON - days(1), 6, 3)]
    publishing.unpin(
        actor=factories.user(),
        script=script_named("rate"),
        organisation=elsewhere.organisation,
        effective_from=NOON,
        reason=PERSON,
    )
    assert sorted(counts(outdated()), key=lambda one: one[2]) == [
        (elsewhere.organisation, NOON, 1, 1),
        (None, NOON - days(1), 7, 4),
    ]


def test_backfills_of_every_organisation_do_what_one_of_all_does(submitter: Submitter, work: Work) -> None:
    elsewhere = factories.submitter()
    with_pulses(elsewhere, {"q-0": (60, 70)})
    work()
    publish_fix(since=NOON - days(1))
    finished(started(organisation=submitter.organisation))
    assert counts(outdated()) == [(None, NOON - days(1), 2, 1)]
    finished(started(organisation=elsewhere.organisation))
    assert outdated() == []


def test_of_more_patients_than_are_looked_at_it_is_told_until_a_backfill_has_seen_them_all(
    submitter: Submitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_fix(since=NOON - days(1))
    monkeypatch.setattr(affected, "MOST_PATIENTS", 1)
    backfill = started()
    step(backfill, 1)
    [left] = outdated()
    # The newest first: those that the backfill comes to last.
    assert (left.found.results, left.found.is_all) == (4, False)
    Backfill.objects.update(state="cancelled")
    finished(started())
    assert outdated() == []


def test_a_backfill_that_is_at_it_is_found_by_what_it_covers(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(1))
    script, backfill = script_named("rate"), started(since=NOON - days(2))
    assert under_way(script, NOON - days(1)) == backfill
    assert under_way(script, NOON - days(3)) is None
    publish("rate", CHANGED, NOON)
    assert under_way(script, NOON - days(1)) is None
    assert [one.under_way for one in outdated()] == [None], "it began before the last publication"


def test_of_two_backfills_that_cover_it_the_one_that_runs_is_at_it(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(1))
    paused, running = started(), started()
    services.pause(actor=factories.user(), backfill_id=paused.pk, reason=PERSON)
    assert [(one.under_way, one.is_under_way) for one in outdated()] == [(running, True)]
    services.cancel(actor=factories.user(), backfill_id=running.pk, reason=PERSON)
    assert [(one.under_way, one.is_under_way) for one in outdated()] == [(paused, False)]


def test_one_of_another_organisation_is_not_at_it(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(1))
    started(organisation=submitter.organisation)
    assert [one.under_way for one in outdated()] == [None]


def test_an_organisation_whose_own_backfill_is_done_has_nothing_left(submitter: Submitter) -> None:
    publish_fix(since=NOON - days(1))
    finished(started(organisation=submitter.organisation))
    elsewhere = factories.submitter()
    script = script_named("rate")
    assert is_left(script)
    assert not is_left(script, submitter.organisation_id)
    assert not is_left(script, elsewhere.organisation_id), "it has no reading"


def test_a_script_of_one_organisation_is_told_of_as_its(work: Work) -> None:
    submitter = factories.submitter()
    script_named("rate", organisation=submitter.organisation)
    publish("rate", PLAIN)
    with_pulses(submitter, alike(2))
    work()
    publish_fix(since=NOON)
    assert counts(outdated()) == [(submitter.organisation, NOON, 2, 2)]
    finished(started(since=NOON))
    assert outdated() == []
