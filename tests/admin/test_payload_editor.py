"""Mending a payload in the admin: original, what the release makes of it, and the edit, side by side."""

import html
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinical_engine.audit.models import AuditEntry
from clinical_engine.jobs.models import Job, PayloadRevision
from clinical_engine.jobs.payloads.services import Edit, revise_payload
from clinical_engine.jobs.registry import JobKind
from tests import factories
from tests.admin import world
from tests.admin.conftest import logged_in
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


def errors_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.context["form"].errors)


def test_a_failed_jobs_page_leads_to_the_editor(support: Client, broken: UUID) -> None:
    assert editor_of(broken) in shown(support.get(page_of(broken)))
    Job.objects.filter(pk=broken).update(state="succeeded")
    assert editor_of(broken) not in shown(support.get(page_of(broken)))


def test_a_payload_that_only_its_indents_make_too_large_can_be_edited(support: Client, kind: JobKind) -> None:
    numbers = [7] * 10_000
    [job_id] = store(kind.name, json.dumps({"numbers": [*numbers, "x"]}), version=2, state="invalid_payload")
    text = support.get(editor_of(job_id)).context["form"]["text"].value()
    assert save(support, job_id, text.replace('"x"', "8")).status_code == 302
    assert job_of(job_id).revised_payload == {"numbers": [*numbers, 8]}


def test_the_history_is_offered_only_to_who_may_see_the_trail(support: Client, broken: UUID) -> None:
    history = reverse("admin:jobs_job_history", args=[broken])
    assert history in shown(support.get(page_of(broken)))
    response = logged_in("On-call engineer").get(page_of(broken))
    assert response.status_code == 200
    assert history not in shown(response)


def test_original_steps_and_edit_stand_side_by_side(support: Client, broken: UUID) -> None:
    text = shown(support.get(editor_of(broken)))
    assert '{ "number": "x" }' in text
    assert 'Format 2</h3> <pre class="ce-code">{ "numbers": [ "x" ] }' in text
    assert 'Format 3</h3> <pre class="ce-code">{ "values": [ "x" ], "way": "up" }' in text
    assert "values[0] must be a whole number, not text" in text
    assert "Your edit, in format 2" in text
    assert "numbers" in support.get(editor_of(broken)).context["form"]["text"].value(), "upcast to begin with"


def test_the_fields_of_the_format_are_shown_beside(support: Client, broken: UUID) -> None:
    text = shown(support.get(editor_of(broken)))
    assert "What format 2 holds" in text
    assert '<span class="ce-id">numbers</span></td><td>a list, each a whole number</td><td>yes</td>' in text
    assert "Format 3 is made of it when the job runs." in text


def test_where_a_step_stumbles_the_page_says_which_and_begins_with_the_original(
    support: Client, kind: JobKind
) -> None:
    [job_id] = store(kind.name, '{"nummer": 1}', state="invalid_payload")
    response = support.get(editor_of(job_id))
    assert "cannot be brought from format 1 to 2" in shown(response)
    assert "No step leads to format 2" in shown(response)
    assert '"nummer": 1' in response.context["form"]["text"].value()


def test_a_saved_edit_runs_at_once_unless_asked_not_to(support: Client, broken: UUID) -> None:
    response = save(support, broken, run_now="on")
    assert response.headers["Location"] == page_of(broken)
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Revision 1 is saved. The job runs now."
    ]
    job = job_of(broken)
    assert (job.state, job.revised_payload, job.revised_version) == ("available", {"numbers": [7]}, 2)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "reason")) == [
        ("job.revise_payload", "ticket 12"),
        ("job.run_again", "ticket 12"),
    ]


def test_a_saved_edit_without_the_tick_leaves_the_job_as_it_is(support: Client, broken: UUID) -> None:
    save(support, broken)
    assert (job_of(broken).state, job_of(broken).revised_payload) == ("invalid_payload", {"numbers": [7]})


def test_the_tick_is_set_to_begin_with(support: Client, broken: UUID) -> None:
    assert support.get(editor_of(broken)).context["form"]["run_now"].value() is True


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": '{"numbers": [7]'}, "line 1, column 16"),
        ({"text": '{"numbers": ["a-secret"]}'}, "must be a whole number, not text"),
        ({"text": "{}"}, "it lacks the field numbers"),
        ({"text": '{"numbers": ["' + "x" * 66_000 + '"]}'}, "64 KB at most"),
        ({"text": '{"numbers": ["x"]}'}, "says the same as before"),
        ({"text": ""}, "This field is required"),
        ({"text": '{"numbers": [8]}', "reason": ""}, "This field is required"),
        ({"text": '{"numbers": [8]}', "reason": "   "}, "This field is required"),
        ({"text": '{"numbers": [8]}', "seen": "x"}, "out of date"),
        ({"text": '{"numbers": [8]}', "seen": ""}, "out of date"),
        ({"text": '{"numbers": [8]}', "seen": "4"}, "Somebody else has saved a revision meanwhile"),
    ],
)
def test_what_cannot_be_saved_is_said_in_a_sentence_and_the_text_stays_in_the_form(
    fields: dict[str, str], sentence: str, support: Client, broken: UUID
) -> None:
    response = save(support, broken, **{"run_now": "on", **fields})
    assert sentence in shown(response)
    assert "secret" not in errors_of(response)
    assert response.context["form"]["text"].value() == fields["text"]
    assert html.escape(fields["text"]) in response.content.decode()
    assert job_of(broken).state == "invalid_payload"
    assert job_of(broken).revised_payload is None
    assert not PayloadRevision.objects.exists()
    assert not AuditEntry.objects.exists()


def test_somebody_elses_revision_is_shown_before_it_is_replaced(support: Client, broken: UUID) -> None:
    other = User.objects.create_user("colleague")
    theirs = Edit('{"numbers": [1]}', 0, "ticket 11", run_now=False)
    revise_payload(actor=other, job_id=broken, edit=theirs)
    response = save(support, broken, '{"numbers": [2]}')
    text = shown(response)
    assert "Somebody else has saved a revision meanwhile" in text
    assert "Revision 1, format 2" in text
    assert "colleague" in text
    assert "ticket 11" in text
    assert job_of(broken).revised_payload == {"numbers": [1]}
    again = {"seen": str(response.context["form"]["seen"].value())}
    assert save(support, broken, '{"numbers": [2]}', **again).status_code == 302
    assert job_of(broken).revised_payload == {"numbers": [2]}


def test_an_error_of_another_sort_does_not_hide_somebody_elses_revision(
    support: Client, broken: UUID
) -> None:
    theirs = Edit('{"numbers": [1]}', 0, "ticket 11", run_now=False)
    revise_payload(actor=User.objects.create_user("colleague"), job_id=broken, edit=theirs)
    response = save(support, broken, reason="")
    assert str(response.context["form"]["seen"].value()) == "0"


def test_the_last_revision_is_what_the_next_edit_begins_with(support: Client, broken: UUID) -> None:
    save(support, broken, '{"numbers": [5]}')
    response = support.get(editor_of(broken))
    assert response.context["form"]["text"].value() == '{\n  "numbers": [\n    5\n  ]\n}'
    assert response.context["form"]["seen"].value() == 1


def test_a_waiting_job_that_this_release_cannot_do_says_so(support: Client, kind: JobKind) -> None:
    newer, unknown = *store(kind.name, "{}", version=4), *store("forgotten", "{}")
    assert "Its format 4 is newer than this release reads (3)" in shown(support.get(page_of(newer)))
    assert "does not know the kind forgotten: the job waits" in shown(support.get(page_of(unknown)))


def test_the_jobs_page_shows_its_payload_and_who_revised_it_when_and_why(
    support: Client, broken: UUID
) -> None:
    assert "Nobody has edited the payload." in shown(support.get(page_of(broken)))
    save(support, broken, '{"numbers": [5]}')
    text = shown(support.get(page_of(broken)))
    assert '{ "number": "x" }' in text
    assert '{ "values": [ 5 ], "way": "up" }' in text
    revisions = text.partition('aria-label="Revisions of the payload"')[2]
    assert "<td>1</td><td>2</td>" in revisions
    assert "<td>clinical-support</td><td>ticket 12</td>" in revisions


def test_what_is_stored_cannot_write_into_the_page(support: Client, kind: JobKind) -> None:
    [job_id] = store(kind.name, '{"number": "<script>alert(1)</script></textarea>"}', state="dead")
    for url in (editor_of(job_id), page_of(job_id)):
        assert "<script>alert(1)" not in support.get(url).content.decode()


def test_an_id_that_no_job_has_leads_to_the_front_page(support: Client) -> None:
    assert support.get(editor_of(factories.organisation().pk)).headers["Location"] == reverse("admin:index")
    assert support.get("/admin/jobs/job/nothing/edit-payload/").status_code == 302


def test_who_lacks_the_permission_is_neither_offered_it_nor_obeyed(broken: UUID) -> None:
    client = logged_in("On-call engineer")
    assert editor_of(broken) not in shown(client.get(page_of(broken)))
    assert client.get(editor_of(broken)).status_code == 403
    assert save(client, broken).status_code == 403
    assert job_of(broken).revised_payload is None


def test_who_may_edit_but_not_see_jobs_sees_no_payload(broken: UUID) -> None:
    client = with_permissions("revise_payload")
    assert client.get(editor_of(broken)).status_code == 403


def test_who_may_edit_but_not_run_leaves_the_job_as_it_is(broken: UUID) -> None:
    client = with_permissions("revise_payload", "view_job")
    assert "Run it now" not in shown(client.get(editor_of(broken)))
    assert save(client, broken, run_now="on").status_code == 302
    assert job_of(broken).state == "invalid_payload"


def with_permissions(*codes: str) -> Client:
    user = User.objects.create_user("somebody", password=world.PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client = Client()
    client.force_login(user)
    return client


def test_the_pages_ask_as_often_for_thirty_revisions_as_for_one(support: Client, broken: UUID) -> None:
    save(support, broken, '{"numbers": [0]}')
    few = queries_of(support, broken)
    for number in range(1, 30):
        save(support, broken, f'{{"numbers": [{number}]}}', seen=str(number))
    assert PayloadRevision.objects.count() == 30
    assert queries_of(support, broken) == few


def queries_of(client: Client, job_id: UUID) -> list[int]:
    numbers = []
    for url in (editor_of(job_id), page_of(job_id)):
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        numbers.append(len(queries))
    return numbers
