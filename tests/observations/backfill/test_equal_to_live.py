"""A backfill gives what live processing would have given, and its dry run says beforehand what it will do."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observations.backfill.advancing import COUNTED
from observations.models import (
    Backfill,
    BackfillExample,
    BackfillState,
    Observation,
    ScriptFailure,
    ScriptVersion,
)
from observations.scripts.content import ScriptContent
from observations.scripts.publishing import pin, publish_released
from submitters.models import Submitter
from tests import factories
from tests.factories import NOON, days
from tests.observations.backfill.support import (
    CHANGED,
    FAILING,
    PLAIN,
    Work,
    alike,
    computed_live,
    current_rows,
    draft_fix,
    finished,
    publish_chain,
    publish_fix,
    started,
    with_pulses,
)
from tests.observations.scripts.writing import PULSE, content, publish, reads
from tests.patients.test_folding import undone


@pytest.fixture
def submitter(db: None) -> Submitter:
    return factories.submitter()


def counts(backfill: Backfill) -> dict[str, object]:
    return {name: getattr(backfill, name) for name in COUNTED}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pulses=st.lists(
        st.lists(st.sampled_from([60, 80, 81, 90, 120]), min_size=1, max_size=6), min_size=1, max_size=4
    ),
    published=st.lists(
        st.tuples(st.sampled_from([PLAIN, CHANGED, FAILING]), st.integers(-6, 1)), min_size=1, max_size=3
    ),
    size=st.integers(1, 3),
)
def test_after_a_publication_for_the_past_it_leaves_what_computing_everything_anew_would(
    db: None, work: Work, pulses: list[list[int]], published: list[tuple[ScriptContent, int]], size: int
) -> None:
    with undone():
        submitter = factories.submitter()
        publish_chain()
        with_pulses(submitter, {f"p-{number}": values for number, values in enumerate(pulses)})
        work()
        for written, day in published:
            publish("rate", written, NOON + days(day))
        foretold = counts(finished(started(dry_run=True), size))
        assert counts(finished(started(), size)) == foretold
        backfilled = current_rows()
        assert backfilled == computed_live(work)


def test_results_of_other_scripts_and_unchanged_ones_are_left_alone(submitter: Submitter, work: Work) -> None:
    publish_chain()
    with_pulses(submitter, alike(1))
    work()
    before = {row.pk for row in Observation.objects.filter(script__name="other", superseded_at=None)}
    assert len(before) == 4
    backfill = finished(started())
    assert (backfill.results, backfill.results_written, backfill.changes) == (4, 0, {})
    publish_fix()
    finished(started())
    assert {row.pk for row in Observation.objects.filter(script__name="other")} == before


def test_scripts_that_read_it_are_computed_to_the_end_though_the_period_ends_earlier(
    submitter: Submitter, work: Work
) -> None:
    publish_chain()
    with_pulses(submitter, alike(1))
    work()
    publish_fix()
    # 90 of the day before noon becomes 100, 100 of noon itself is not looked at.
    backfill = finished(started(until=NOON - days(1)))
    assert (backfill.results, backfill.results_changed) == (3, 1)
    assert values("rate") == [70, 80, 100, 100]
    assert values("mean") == [70, 75, 90, 100]
    assert values("double") == [140, 150, 180, 200]


def test_only_the_organisation_is_touched_and_one_with_a_pin_keeps_its_version(db: None, work: Work) -> None:
    one, other, pinned = (factories.submitter() for _ in range(3))
    publish_chain()
    version = ScriptVersion.objects.get(script__name="rate")
    for each in (one, other, pinned):
        with_pulses(each, alike(1, [90]))
    work()
    pin(
        actor=factories.user(),
        version=version,
        organisation=pinned.organisation,
        effective_from=NOON - days(50),
        reason="ticket 1",
    )
    publish_fix()
    assert finished(started(organisation=one.organisation)).patients_done == 1
    assert (values("rate", one), values("rate", other), values("rate", pinned)) == ([100], [90], [90])
    everywhere = finished(started())
    assert (everywhere.patients_done, everywhere.results_changed) == (3, 1)
    assert (values("rate", other), values("rate", pinned)) == ([100], [90])


def test_a_dry_run_writes_nothing_of_results(submitter: Submitter, work: Work) -> None:
    publish_chain()
    with_pulses(submitter, alike(3))
    work()
    publish_fix(FAILING)
    before = list(Observation.objects.order_by("pk").values())
    backfill = finished(started(dry_run=True))
    assert (backfill.state, backfill.patients_failed) == (BackfillState.DONE, 3)
    assert list(Observation.objects.order_by("pk").values()) == before
    assert not ScriptFailure.objects.exists()


def test_a_script_that_fails_is_noted_and_the_backfill_goes_on(submitter: Submitter, work: Work) -> None:
    publish_chain()
    with_pulses(submitter, {"ill": [90], "well": [70]})
    work()
    publish_fix(FAILING)
    backfill = finished(started(), size=1)
    assert (backfill.state, backfill.patients_done, backfill.patients_failed) == (BackfillState.DONE, 2, 1)
    assert (backfill.results, backfill.results_changed, backfill.changes["rate"]["vanished"]) == (2, 2, 1)
    assert ScriptFailure.objects.get().patient.external_id == "ill"
    publish_fix()
    finished(started())
    assert not ScriptFailure.objects.exists()


def test_a_failure_of_another_script_is_not_forgotten(submitter: Submitter, work: Work) -> None:
    publish_chain()
    publish("fragile", content("result = 1 / (pulse - 90)", {"pulse": reads(PULSE)}))
    with_pulses(submitter, {"ill": [90]})
    work()
    finished(started())
    assert ScriptFailure.objects.get().version.script.name == "fragile"


def test_a_candidate_is_told_of_as_if_it_were_published(submitter: Submitter, work: Work) -> None:
    publish_chain()
    with_pulses(submitter, alike(2))
    work()
    draft = draft_fix()
    compared = finished(started(candidate=draft))
    assert (compared.dry_run, compared.results, compared.results_changed) == (True, 8, 4)
    assert values("rate") == 2 * [70, 80, 90, 100]
    publish_released(version=draft, effective_from=NOON - days(30))
    assert counts(finished(started())) == counts(compared)
    assert values("rate") == 2 * [70, 80, 100, 110]


def test_what_changes_is_told_by_output(submitter: Submitter, work: Work) -> None:
    publish_chain()
    with_pulses(submitter, alike(60))
    work()
    publish_fix()
    backfill = finished(started(), size=25)
    rate, level = backfill.changes["rate"], backfill.changes["interpretation"]
    assert (rate["changed"], rate["smallest"], rate["largest"], rate["total"]) == (120, 10, 10, 1200)
    assert level["transitions"] == {"normal → abnormal": 120}
    examples = BackfillExample.objects.filter(backfill=backfill)
    assert len({example.patient_id for example in examples}) == examples.count() == 50
    assert examples[0].before == {"rate": 90, "interpretation": "normal"}
    assert examples[0].after == {"rate": 100, "interpretation": "abnormal"}


def values(script: str, submitter: Submitter | None = None) -> list[float]:
    rows = Observation.objects.filter(script__name=script, superseded_at=None).order_by("patient_id", "as_of")
    if submitter is not None:
        rows = rows.filter(organisation=submitter.organisation_id)
    return [next(iter(row.value.values())) for row in rows if row.value]
