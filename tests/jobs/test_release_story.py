"""Releases come, go and come back, and each job is done once, by a release that can read it, in that release's own format."""

import io
import json
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from clinical_engine.jobs import ledger, services, worker
from clinical_engine.jobs.failures import PermanentError
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads.services import Edit, revise_payload
from clinical_engine.jobs.payloads.waiting import count_waiting_for_release, waiting_for_release
from clinical_engine.jobs.registry import RERUNS_QUEUE, ClaimedJob, Handler, JobKind
from tests.jobs.releases import FORMATS, KIND, PAYLOADS, A, B, C, D, E, Release, number_in, running
from tests.jobs.support import attempts_of, job_of, make_due, states_of, work

pytestmark = pytest.mark.usefixtures("committed_db")
# Each step forward is taken back once, and taken again.
STORY = (A, B, A, B, C, B, C, D, C, D, E, D, E)
LIMIT = 1_000


class Story:
    """What was put in and what was done, kept in the test's own memory."""

    def __init__(self, actor: User) -> None:
        self.actor = actor
        self.put_in: dict[UUID, int] = {}
        self.done: Counter[UUID] = Counter()
        self.seen: dict[UUID, int] = {}
        self.troubles: dict[int, type[Exception]] = {}

    def handler(self, release: Release) -> Handler:
        """As this release's handler: it knows nothing but its own newest format."""

        def handle(batch: Sequence[ClaimedJob]) -> None:
            for job in batch:
                assert type(job.payload) is FORMATS[release.reads - 1]
                if trouble := self.troubles.get(number_in(job.payload)):
                    raise trouble("no value")
            for job in batch:
                self.done[job.id] += 1
                self.seen[job.id] = number_in(job.payload)

        return handle

    def accept(self, release: Release, count: int = 1) -> list[UUID]:
        """Accept work on this release: in the format that it writes."""
        numbers = range(len(self.put_in), len(self.put_in) + count)
        jobs = [ledger.NewJob(PAYLOADS[release.writes](number)) for number in numbers]
        ledger.enqueue(KIND, jobs)
        self.put_in |= {job.id: number for job, number in zip(jobs, numbers, strict=True)}
        return [job.id for job in jobs]

    def fail(self, release: Release, kind: JobKind, error: type[Exception]) -> UUID:
        """Accept a job that fails on this release, and will not fail again."""
        [job_id] = self.accept(release)
        self.troubles[self.put_in[job_id]] = error
        work(kind)
        self.troubles.clear()
        return job_id

    def repair(self) -> None:
        """Run everything again that failed, and let the time pass for which the others wait."""
        dead = list(Job.objects.filter(state="dead").values_list("pk", flat=True))
        services.run_again(actor=self.actor, job_ids=dead, reason="the release was mended")
        make_due(*Job.objects.filter(state="retryable").values_list("pk", flat=True))

    @property
    def is_complete(self) -> bool:
        """Whether every job was done once, with the number that it was made with."""
        return (
            set(states_of(list(self.put_in))) == {"succeeded"}
            and self.done == Counter(dict.fromkeys(self.put_in, 1))
            and self.seen == self.put_in
        )


@pytest.fixture
def story(committed_db: None) -> Story:
    return Story(User.objects.create_user("support"))


def gate(release: Release) -> int:
    """The exit status of `check_payloads` on this release's code."""
    with running(release, lambda _: None):
        try:
            call_command("check_payloads", stdout=io.StringIO(), stderr=io.StringIO())
        except SystemExit as ended:
            return int(str(ended.code))
    return 0


def test_what_one_release_leaves_the_next_one_does_forward_and_rolled_back(story: Story) -> None:
    for release in STORY:
        assert gate(release) == 0, "each step may be taken"
        with running(release, story.handler(release)) as kind:
            story.repair()
            work(kind)
            assert count_waiting_for_release(LIMIT) == 0
            assert story.is_complete or not story.put_in, "whatever was left is done now"
            leave_work_of_every_sort(story, release, kind)
    with running(E, story.handler(E)) as kind:
        story.repair()
        work(kind)
    assert story.is_complete
    assert len(story.put_in) == 4 * len(STORY)


def leave_work_of_every_sort(story: Story, release: Release, kind: JobKind) -> None:
    """A job that is done, one that is dead, one that waits to be tried again, and one that nobody has touched."""
    story.accept(release)
    dead = story.fail(release, kind, PermanentError)
    retryable = story.fail(release, kind, ValueError)
    [untouched] = story.accept(release)
    assert states_of([dead, retryable, untouched]) == ["dead", "retryable", "available"]
    assert {job_of(job_id).payload_version for job_id in (dead, retryable, untouched)} == {release.writes}


@pytest.mark.parametrize("release", [A, B, C, D, E], ids=lambda release: release.name)
def test_every_attempt_names_the_release_that_made_it(release: Release, story: Story) -> None:
    with running(release, story.handler(release)) as kind:
        [job_id] = story.accept(release)
        work(kind)
    assert [attempt.release for attempt in attempts_of(job_id)] == [release.name]


@pytest.mark.parametrize("state", ["available", "retryable", "dead"])
def test_the_gate_refuses_to_go_back_two_steps_while_work_of_the_newer_format_is_left(
    state: str, story: Story
) -> None:
    with running(C, story.handler(C)) as kind:
        if state == "available":
            story.accept(C)
        else:
            story.fail(C, kind, PermanentError if state == "dead" else ValueError)
    assert (gate(A), gate(B), gate(C), gate(D)) == (1, 0, 0, 0)
    with running(B, story.handler(B)) as kind:
        story.repair()
        work(kind)
    assert story.is_complete
    assert gate(A) == 0, "nothing of the newer format is left"


def test_who_goes_back_two_steps_all_the_same_loses_nothing_and_runs_nothing_twice(story: Story) -> None:
    with running(C, story.handler(C)) as kind:
        newer = [
            *story.accept(C, 3),
            story.fail(C, kind, PermanentError),
            story.fail(C, kind, ValueError),
        ]
        done, left = newer[:3], [*newer[3:], *story.accept(C, 2)]
    assert states_of(done) == ["succeeded"] * 3
    with running(A, story.handler(A)) as kind:
        older = story.accept(A, 4)
        story.repair()
        assert work(kind) == 4, "old work is done past the newer work that waits"
        assert states_of(older) == ["succeeded"] * 4
        assert states_of(left) == ["available", "retryable", "available", "available"]
        assert count_waiting_for_release(LIMIT) == 4
        assert set(waiting_for_release(Job.objects.all()).values_list("pk", flat=True)) == set(left)
        assert count_waiting_for_release(3) == 3, "counting has a bound"
    with running(B, story.handler(B)) as kind:
        assert count_waiting_for_release(LIMIT) == 0
        work(kind)
    assert story.is_complete


def test_a_release_that_skips_the_one_that_only_reads_leaves_nothing_to_go_back_to(story: Story) -> None:
    with running(A, story.handler(A)):
        waiting_since_a = story.accept(A, 2)
    # C comes straight after A: forward all is well, so that nobody notices.
    assert gate(C) == 0
    with running(C, story.handler(C)) as kind:
        work(kind)
        assert states_of(waiting_since_a) == ["succeeded"] * 2
        left = story.accept(C, 2)
    assert gate(A) == 1
    with running(A, story.handler(A)) as kind:
        assert work(kind) == 0
        assert count_waiting_for_release(LIMIT) == 2
        assert [len(attempts_of(job_id)) for job_id in left] == [0, 0], "no try is used up by waiting"
    with running(C, story.handler(C)) as kind:
        work(kind)
    assert story.is_complete


def test_while_two_releases_run_side_by_side_each_does_what_it_can_read(story: Story) -> None:
    with running(C, story.handler(C)):
        newer = story.accept(C, 3)
    with running(B, story.handler(B)):
        older = story.accept(B, 3)
    with running(A, story.handler(A)) as kind:
        assert work(kind) == 3
    assert (states_of(older), states_of(newer)) == (["succeeded"] * 3, ["available"] * 3)
    with running(C, story.handler(C)) as kind:
        assert work(kind) == 3
    assert story.is_complete


def test_work_of_a_kind_that_is_gone_waits_for_a_release_that_has_it(story: Story) -> None:
    with running(A, story.handler(A)) as kind:
        left = [*story.accept(A, 2), story.fail(A, kind, PermanentError)]
        story.accept(A)
    story.repair()
    waiting = set(waiting_for_release(Job.objects.all()).values_list("pk", flat=True))
    assert set(states_of(left)) == {"succeeded", "available"}
    assert waiting == set(Job.objects.filter(state="available").values_list("pk", flat=True))
    assert count_waiting_for_release(LIMIT) == len(waiting) == 2
    with running(A, story.handler(A)) as kind:
        work(kind)
    assert story.is_complete


def test_a_revision_in_a_newer_format_waits_like_any_newer_work(story: Story) -> None:
    with running(A, story.handler(A)) as kind:
        job_id = story.fail(A, kind, PermanentError)
    with running(C, story.handler(C)):
        edit = Edit(json.dumps(PAYLOADS[2](4711)), 0, "ticket 12", run_now=True)
        revise_payload(actor=story.actor, job_id=job_id, edit=edit)
    assert gate(A) == 1
    with running(A, story.handler(A)) as kind:
        assert (work(kind), count_waiting_for_release(LIMIT)) == (0, 1)
    with running(B, story.handler(B)) as kind:
        assert (work(kind), count_waiting_for_release(LIMIT)) == (1, 0)
    assert story.seen == {job_id: 4711}


def test_a_ring_for_a_kind_that_is_gone_is_heard_without_harm(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    with running(A, story.handler(A)):
        [job_id] = story.accept(A)
    for queue in ("default", RERUNS_QUEUE):
        assert worker.work(KIND, queue) == 0
    assert states_of([job_id]) == ["available"]
    assert attempts_of(job_id) == []
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert KIND in caplog.text
