"""The payload editor where nothing can be saved: it says why, and offers nothing to fill in."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.test import Client

from clinical_engine.jobs.models import Job
from clinical_engine.jobs.registry import JobKind
from tests.admin.payload_pages import editor_of, job_of, page_of, save, shown
from tests.jobs import releases
from tests.jobs.releases import registered
from tests.jobs.stored import store
from tests.jobs.support import succeed

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind() -> Iterator[JobKind]:
    """A kind that reads format 3 and still writes 2."""
    with registered(releases.D.kind(succeed)) as kind:
        yield kind


@pytest.fixture
def broken(kind: JobKind) -> UUID:
    """A job whose payload of format 1 leads to format 2 and 3, and fits neither."""
    return store(kind.name, '{"number": "x"}', state="invalid_payload")[0]


def test_a_failed_jobs_page_leads_to_no_editor_where_this_release_could_save_nothing(
    support: Client, kind: JobKind
) -> None:
    newer = store(kind.name, "{}", version=4, state="dead")
    unknown = store("forgotten", "{}", state="dead")
    for job_id in (*newer, *unknown):
        assert editor_of(job_id) not in shown(support.get(page_of(job_id)))


def test_where_nothing_can_be_saved_there_is_no_form_only_the_payload_and_why(
    support: Client, broken: UUID, kind: JobKind
) -> None:
    Job.objects.filter(pk=broken).update(state="succeeded")
    newer = store(kind.name, '{"number": "x"}', version=4, state="dead")
    unknown = store("forgotten", '{"number": "x"}', state="dead")
    for job_id in (broken, *newer, *unknown):
        text = shown(support.get(editor_of(job_id)))
        assert '{ "number": "x" }' in text
        assert "Not to be edited now" in text
        for absent in ("<textarea", "Save revision", "What format", "Nothing was saved"):
            assert absent not in text


def test_a_job_that_was_set_going_meanwhile_is_left_alone(support: Client, broken: UUID) -> None:
    Job.objects.filter(pk=broken).update(state="available", finished_at=None)
    response = save(support, broken)
    assert "not failed any more" in shown(response)
    assert "What you wrote, which is not saved" in shown(response)
    assert '<pre class="ce-code">{"numbers": [7]}</pre>' in shown(response)
    assert response.context["form"]["text"].value() == '{"numbers": [7]}'
    assert job_of(broken).revised_payload is None
    assert "Only a failed job's payload can be edited" in shown(support.get(editor_of(broken)))


def test_a_kind_that_no_longer_exists_is_said_to_be_one(support: Client) -> None:
    [job_id] = store("forgotten", '{"number": 1}', state="dead")
    for response in (support.get(editor_of(job_id)), save(support, job_id)):
        assert "This release does not know the kind forgotten" in shown(response)
        assert "Save revision" not in shown(response)
    assert "This release does not know the kind forgotten" in shown(support.get(page_of(job_id)))


def test_a_format_of_a_newer_release_is_edited_there(support: Client, kind: JobKind) -> None:
    [job_id] = store(kind.name, "{}", version=4, state="dead")
    text = shown(support.get(editor_of(job_id)))
    assert "Format 4 is newer than this release reads (3)" in text
    assert "Save revision" not in text
