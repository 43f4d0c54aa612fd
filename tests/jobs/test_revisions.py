"""A failed job's payload is mended by a person: kept beside the original, audited, and once."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from clinical_engine.audit.models import AuditEntry
from clinical_engine.common.errors import RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import services
from clinical_engine.jobs.ledger.revisions import NotFailedError, RevisedMeanwhileError
from clinical_engine.jobs.models import Job, PayloadRevision
from clinical_engine.jobs.payloads.services import Edit, revise_payload
from clinical_engine.jobs.registry import JobKind, UnknownKindError
from tests.jobs import releases
from tests.jobs.releases import First, Second, number_in, registered
from tests.jobs.stored import store
from tests.jobs.support import attempts_of, elsewhere, job_of, wait_for_a_lock_to_be_waited_for, work

pytestmark = pytest.mark.usefixtures("committed_db")


class Seen:
    """A kind that reads format 2 and still writes 1, and what its handler was given."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.kind = releases.B.kind(self.handle)

    def handle(self, batch: Any) -> None:
        self.numbers += [number_in(job.payload) for job in batch]


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    with registered(seen.kind):
        yield seen


@pytest.fixture
def kind(seen: Seen) -> JobKind:
    return seen.kind


@pytest.fixture
def person(committed_db: None) -> User:
    return User.objects.create_user("support")


def failed(kind: JobKind, payload: str = '{"number": "x"}', **options: Any) -> UUID:
    return store(kind.name, payload, **{"state": "invalid_payload", **options})[0]


def edit(text: str, *, seen: int = 0, run_now: bool = False) -> Edit:
    return Edit(text, seen, "ticket 12", run_now)


def nothing_changed(job_id: UUID) -> bool:
    job = job_of(job_id)
    return (
        job.revised_payload is None
        and job.revised_version is None
        and job.last_actor_id is None
        and not PayloadRevision.objects.exists()
        and not AuditEntry.objects.exists()
    )


@pytest.mark.parametrize("state", ["invalid_payload", "dead"])
def test_a_failed_job_runs_with_what_a_person_made_of_its_payload(
    state: str, seen: Seen, person: User
) -> None:
    job_id = failed(seen.kind, state=state)
    assert revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}', run_now=True)) == 1
    assert work(seen.kind) == 1
    assert seen.numbers == [7]
    job = job_of(job_id)
    assert (job.state, job.last_actor) == ("succeeded", person)
    assert (job.payload, job.payload_version) == ({"number": "x"}, 1), "the original stays"
    assert (job.revised_payload, job.revised_version) == ({"number": 7}, 1)
    assert [attempt.trigger for attempt in attempts_of(job_id)] == ["user"]


def test_a_revision_is_kept_whole_and_the_trail_names_it_without_its_payload(
    kind: JobKind, person: User
) -> None:
    job_id, owner = failed(kind), new_id()
    Job.objects.update(organisation_id=owner)
    revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7777}'))
    revision = PayloadRevision.objects.get()
    assert (revision.number, revision.payload, revision.payload_version) == (1, {"number": 7777}, 1)
    assert (revision.actor, revision.reason) == (person, "ticket 12")
    [entry] = AuditEntry.objects.values()
    assert (entry["action"], entry["target_id"], entry["organisation_id"]) == (
        "job.revise_payload",
        str(job_id),
        owner,
    )
    assert (entry["actor_id"], entry["reason"]) == (person.pk, "ticket 12")
    assert entry["details"] == {"revision": 1, "version": 1}
    assert "7777" not in str(entry)


def test_without_the_wish_to_run_it_the_job_stays_failed(seen: Seen, person: User) -> None:
    job_id = failed(seen.kind)
    revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}'))
    assert job_of(job_id).state == "invalid_payload"
    assert work(seen.kind) == 0
    services.run_again(actor=person, job_ids=[job_id], reason="")
    work(seen.kind)
    assert seen.numbers == [7]


def test_the_next_edit_is_the_next_revision_and_the_last_one_counts(seen: Seen, person: User) -> None:
    job_id = failed(seen.kind)
    for number in (1, 2, 3):
        text = json.dumps({"number": number})
        assert revise_payload(actor=person, job_id=job_id, edit=edit(text, seen=number - 1)) == number
    services.run_again(actor=person, job_ids=[job_id], reason="")
    work(seen.kind)
    assert seen.numbers == [3]
    numbers = PayloadRevision.objects.order_by("number").values_list("number", "payload")
    assert list(numbers) == [(1, {"number": 1}), (2, {"number": 2}), (3, {"number": 3})]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This is no JSON: Expecting value, line 1, column 1."),
        ('{\n  "number": 7,\n}', "line 3, column 1"),
        ("{'number': 7}", "line 1, column 2"),
        ('{"number": NaN}', "NaN is no number in JSON"),
        ('{"number": 1e999}', "a number that is too large"),
        ('{"number": ' + "1" * 5_000 + "}", "a number with too many digits"),
        ('{"number": 7, "number": 8}', "The field number stands twice in one object."),
        ("[" * 60_000, "nested too deeply"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested too deeply"),
        ("7", "A payload is an object"),
        ("null", "A payload is an object"),
        ('{"number": 7, "text": "\\u0000"}', "a character that cannot be stored"),
        ('{"number": 7, "\\u0000": 1}', "a character that cannot be stored"),
        ('{"number": 7, "text": "\\ud800"}', "a character that cannot be stored"),
        ('{"number": 7, "text": "' + "x" * 66_000 + '"}', "too large: 64 KB at most"),
        ('{"number": 7}' + " " * 66_000, "too large: 64 KB at most"),
        ("[" * 66_000, "too large: 64 KB at most"),
        ('{"number": "a-secret"}', "number must be a whole number, not text"),
        ('{"number": 7, "extra": 1}', "it has the unknown field extra"),
        ('{"numbers": [7]}', "it has the unknown field numbers"),
        ("{}", "it lacks the field number"),
        ('{ "number":"x" }', "The text says the same as before"),
    ],
)
def test_a_text_that_cannot_be_a_payload_is_refused_in_a_sentence_and_changes_nothing(
    text: str, sentence: str, kind: JobKind, person: User
) -> None:
    job_id = failed(kind)
    with pytest.raises(RefusedError) as refusal:
        revise_payload(actor=person, job_id=job_id, edit=edit(text, run_now=True))
    [refused] = refusal.value.refusals
    assert sentence in refused.message
    assert "secret" not in refused.message
    assert nothing_changed(job_id)
    assert job_of(job_id).state == "invalid_payload"


def test_a_text_that_was_right_in_another_format_than_it_is_stored_in_is_saved_in_the_right_one(
    seen: Seen, person: User
) -> None:
    job_id = failed(seen.kind, '{"number": 7}', version=0)
    revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}', run_now=True))
    assert PayloadRevision.objects.get().payload_version == 1
    work(seen.kind)
    assert seen.numbers == [7]


def test_an_end_of_a_line_counts_once_as_browsers_count_it(kind: JobKind, person: User) -> None:
    job_id = failed(kind)
    text = '{"number": 7}' + "\r\n" * 40_000
    assert revise_payload(actor=person, job_id=job_id, edit=edit(text)) == 1


def test_true_is_not_the_same_as_one(kind: JobKind, person: User) -> None:
    job_id = failed(kind, '{"number": true}')
    assert revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 1}')) == 1


def test_the_edit_is_written_in_the_format_that_the_release_before_reads_too(
    kind: JobKind, person: User
) -> None:
    job_id = failed(kind)
    revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}'))
    revision = PayloadRevision.objects.get()
    assert (revision.payload_version, kind.version) == (1, 2)
    assert releases.A.kind(lambda _: None).decode(revision.payload, 1) == First(7)


def test_what_is_stored_in_a_newer_format_than_is_written_stays_in_it(seen: Seen, person: User) -> None:
    job_id = failed(seen.kind, '{"numbers": ["x"]}', version=2)
    with pytest.raises(RefusedError, match="does not fit"):
        revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}'))
    revise_payload(actor=person, job_id=job_id, edit=edit('{"numbers": [7]}', run_now=True))
    assert PayloadRevision.objects.get().payload_version == 2
    work(seen.kind)
    assert seen.numbers == [7]
    assert seen.kind.decode({"numbers": [7]}, 2) == Second([7])


@pytest.mark.parametrize("state", ["available", "running", "retryable", "succeeded", "cancelled"])
def test_only_a_failed_job_is_edited(state: str, kind: JobKind, person: User) -> None:
    job_id = failed(kind, state=state)
    with pytest.raises(NotFailedError, match="not failed any more"):
        revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}'))
    assert nothing_changed(job_id)


def test_of_a_kind_that_is_gone_nobody_knows_what_its_payload_must_be(person: User) -> None:
    [job_id] = store("forgotten", "{}", state="dead")
    with pytest.raises(UnknownKindError):
        revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}'))
    assert nothing_changed(job_id)


def test_a_format_that_only_a_newer_release_reads_is_edited_there(kind: JobKind, person: User) -> None:
    job_id = failed(kind, '{"values": [1], "way": "up"}', version=3)
    with pytest.raises(RefusedError, match="has format 3, and this release reads up to 2"):
        revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 7}'))
    assert nothing_changed(job_id)


def test_who_began_before_somebody_elses_revision_does_not_overwrite_it(kind: JobKind, person: User) -> None:
    job_id = failed(kind)
    revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 1}'))
    with pytest.raises(RevisedMeanwhileError, match="Somebody else"):
        revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 2}'))
    assert job_of(job_id).revised_payload == {"number": 1}
    assert PayloadRevision.objects.count() == AuditEntry.objects.count() == 1


@pytest.mark.parametrize("run_now", [False, True])
def test_when_two_people_save_at_once_one_of_them_does(run_now: bool, seen: Seen, person: User) -> None:  # noqa: FBT001
    job_id = failed(seen.kind)

    def save() -> int:
        return revise_payload(actor=person, job_id=job_id, edit=edit('{"number": 2}'))

    with ExitStack() as ending:
        with transaction.atomic():
            mine = edit('{"number": 1}', run_now=run_now)
            assert revise_payload(actor=person, job_id=job_id, edit=mine) == 1
            second = ending.enter_context(elsewhere(save))
            wait_for_a_lock_to_be_waited_for()
        with pytest.raises(NotFailedError if run_now else RevisedMeanwhileError):
            second.result(timeout=60)
    assert job_of(job_id).revised_payload == {"number": 1}
    assert PayloadRevision.objects.count() == 1


def test_an_edit_whose_entry_cannot_be_written_is_not_saved(kind: JobKind) -> None:
    job_id = failed(kind)
    with pytest.raises(Exception, match="actor"):
        revise_payload(actor=User(pk=4711), job_id=job_id, edit=edit('{"number": 7}', run_now=True))
    assert nothing_changed(job_id)
    assert job_of(job_id).state == "invalid_payload"
