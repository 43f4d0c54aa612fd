"""Which script version is in force at a time: the publication time line."""

from dataclasses import replace
from datetime import datetime

import pytest

from observations.library import GLUCOSE_7D, LibraryScript
from observations.models import ObservationScript
from observations.publications import TimeLine, time_lines
from observations.services import draft_version, publish_version
from tests import factories
from tests.factories import NOON, days

pytestmark = pytest.mark.django_db
SECOND_CODE = {"pulse": {"code": "8867-4", "how": "all_within", "window_seconds": 3600}}


def publish(effective_from: datetime | None, script: LibraryScript = GLUCOSE_7D) -> None:
    version = draft_version(actor=None, script=script)
    if effective_from is not None:
        publish_version(actor=None, version=version, effective_from=effective_from)


def in_force(line: TimeLine, time: datetime) -> int | None:
    version = line.in_force(time)
    return None if version is None else version.number


def test_a_version_is_in_force_from_its_time_on_until_the_next_one_is() -> None:
    publish(NOON)
    publish(NOON + days(2))
    [line] = time_lines()
    assert [in_force(line, NOON + days(day)) for day in (-0.001, 0, 1.999, 2, 999)] == [None, 1, 1, 2, 2]


def test_of_two_versions_of_one_time_the_later_draft_is_in_force() -> None:
    publish(NOON)
    publish(NOON)
    [line] = time_lines()
    assert in_force(line, NOON) == 2


def test_a_fix_published_later_for_an_earlier_time_replaces_what_came_into_force_meanwhile() -> None:
    publish(NOON)
    publish(NOON + days(5))
    publish(NOON + days(2))
    [line] = time_lines()
    assert [in_force(line, NOON + days(day)) for day in (1, 2, 5, 999)] == [1, 3, 3, 3]


def test_a_draft_is_never_in_force() -> None:
    publish(NOON)
    publish(None)
    [line] = time_lines()
    assert in_force(line, NOON + days(999)) == 1


def test_a_script_without_a_published_version_has_no_time_line() -> None:
    publish(None)
    assert time_lines() == []


def test_a_time_line_reads_what_any_of_its_versions_reads() -> None:
    publish(NOON)
    pulse = replace(
        GLUCOSE_7D,
        inputs=SECOND_CODE,
        source='result = {"mean": mean(pulse), "in_range": 0}',
        test_cases=[{"inputs": {"pulse": [60]}, "expected": {"mean": 60, "in_range": 0}}],
    )
    publish(NOON + days(1), pulse)
    [line] = time_lines()
    assert line.codes == {"2339-0", "8867-4"}
    assert line.longest_window == days(7)


def test_a_script_of_one_organisation_names_it_on_its_time_line() -> None:
    organisation = factories.organisation()
    publish(NOON)
    ObservationScript.objects.update(organisation=organisation)
    [line] = time_lines()
    assert line.organisation_id == organisation.id
