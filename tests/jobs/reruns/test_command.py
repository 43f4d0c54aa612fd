"""`manage.py rerun`, as people call it from a shell."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO

import pytest
from django.contrib.auth.models import User

from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs.models import Job, Rerun
from clinical_engine.jobs.registry import kind_of
from clinical_engine.running.environment import ROOT
from clinical_engine.running.processes import wait_until
from patients.services import activate
from tests import factories, long_work
from tests.jobs.reruns.support import again, begin, dead_jobs, failing, kill, run_to_its_end
from tests.jobs.support import RegisterKind, elsewhere, states_of, succeed

pytestmark = pytest.mark.usefixtures("committed_db")
WHO = ("--reason", "ticket 12", "--actor", "support")
said = partial(long_work.said, "rerun")
refused = partial(long_work.refused, "rerun")


@pytest.fixture
def person(committed_db: None) -> User:
    return User.objects.create_superuser("support")


def test_check_tells_what_would_happen_and_writes_nothing(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    job_ids = dead_jobs(kind, 300)
    Job.objects.filter(pk=job_ids[0]).update(revised_payload={"number": "x"}, revised_version=1)
    text = said("check", "--kind", kind.name, "--rate", 100)
    assert "299 jobs would run again" in text
    assert "1 job would be left out, because this release cannot read them" in text
    assert "At 100 a second it takes about 8 s." in text
    assert not Rerun.objects.exists()
    assert states_of(job_ids) == ["dead"] * 300


def test_start_runs_all_and_says_when_it_is_done(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 30)
    with worked_off(kind.name):
        text = said("start", "--yes", "--kind", kind.name, "--rate", 1000, *WHO)
    rerun = Rerun.objects.get()
    assert (rerun.actor, rerun.reason, rerun.state) == (person, "ticket 12", "finished")
    assert f"Started: 30 jobs, rerun {rerun.pk}." in text
    assert "Finished: 30 of 30 jobs, 30 succeeded, 0 failed again" in text


def test_it_exits_with_1_when_some_failed_again(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(failing({3}))
    dead_jobs(kind, 30)
    with worked_off(kind.name):
        code, text = refused("start", "--yes", "--kind", kind.name, "--rate", 1000, *WHO)
    assert (code, text) == (1, "1 failed again.")


def test_watching_a_paused_rerun_says_why_and_how_to_go_on(new_kind: RegisterKind) -> None:
    kind = new_kind(failing(range(50)))
    dead_jobs(kind, 50)
    rerun = run_to_its_end(begin(kind), kind)
    code, text = refused("watch", rerun.pk)
    assert code == 1
    assert text.startswith("Paused: 20 of the first 20 jobs failed again; up to 10 % may.")
    assert f"manage.py rerun resume {rerun.pk}" in text


def test_a_rerun_is_paused_resumed_cancelled_and_listed(new_kind: RegisterKind, person: User) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 3)
    rerun = begin(kind, actor=person)
    for step, state in (("pause", "paused"), ("resume", "canary"), ("cancel", "cancelled")):
        said(step, rerun.pk, *WHO)
        assert again(rerun).state == state
    assert refused("pause", rerun.pk, *WHO) == (2, "Nothing was changed: the rerun was cancelled.")
    assert refused("watch", rerun.pk) == (1, "It was cancelled.")
    listed = said("list")
    assert str(rerun.pk) in listed
    assert f"Failed jobs, of kind {kind.name}" in listed


def test_without_any_rerun_the_list_says_so() -> None:
    assert said("list") == "There was no rerun yet.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--state", "broken"), "--state: is one of failed"),
        (("--payload-version", "x"), "--payload-version: is a whole number"),
        (("--organisation", "x"), "--organisation: is a UUID."),
        (("--failed-after", "yesterday"), "--failed-after: is a time such as"),
        (("--failed-within", "eternity"), "--failed-within: is one of"),
        (("--kind", "gone"), "No job that could run again matches this filter."),
        (("--rate", "0"), "--rate: is a whole number from 1 to 1,000."),
    ],
)
def test_a_wrong_input_is_told_in_a_sentence(arguments: tuple[str, ...], sentence: str, person: User) -> None:
    for step in (("check",), ("start", "--yes", *WHO)):
        code, text = refused(*step, *arguments)
        assert code == 2
        assert text.startswith(sentence)


def test_who_acts_must_be_an_account_that_may(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    start = ("start", "--yes", "--reason", "ticket 12", "--actor")
    assert refused(*start, "nobody") == (2, "--actor: is the name of an active account.")
    User.objects.create_user("guest")
    assert refused(*start, "guest") == (2, "--actor: this account lacks the permission jobs.add_rerun.")
    assert refused("pause", new_id(), "--reason", "x", "--actor", "guest")[1].endswith("jobs.change_rerun.")
    assert not Rerun.objects.exists()


def test_an_id_that_no_rerun_has_is_told(person: User) -> None:
    assert refused("watch", new_id()) == (2, "There is no such rerun.")
    assert refused("pause", new_id(), *WHO) == (2, "There is no such rerun.")


def test_nothing_is_started_unless_somebody_agrees(
    new_kind: RegisterKind, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 1)
    for answer in ("", "n\n", "later\n"):
        monkeypatch.setattr("sys.stdin", StringIO(answer))
        assert refused("start", "--kind", kind.name, *WHO) == (
            2,
            "Nothing was started: nobody agreed. Answer 'y', or use --yes.",
        )
    assert not Rerun.objects.exists()


def test_an_interrupted_watch_leaves_the_rerun_going_and_says_how_to_pause_it(new_kind: RegisterKind) -> None:
    kind = new_kind(succeed)
    dead_jobs(kind, 3)
    rerun = begin(kind)
    code, lines, rest = long_work.interrupted("rerun", "watch", rerun.pk, after=1)
    assert code == 130
    assert lines[0].startswith("Trying the first few: 0 of 3 jobs")
    assert f"The rerun goes on. To pause it: manage.py rerun pause {rerun.pk}" in rest
    assert again(rerun).state == "canary"


def test_interrupted_before_anything_is_started_it_says_so(person: User) -> None:
    # Of a kind that the process knows, too.
    statements = [factories.statement("p-1")]
    activate(submitter=factories.submitter(), statements=statements, origin=factories.BY_IMPORT)
    kill(list(Job.objects.values_list("pk", flat=True)))
    code, text = long_work.interrupted_where_it_writes("rerun", "start", "--yes", *WHO, table="jobs_rerun")
    assert code == 130
    assert text.splitlines()[-1] == "CommandError: Interrupted; nothing was stored."
    assert "Traceback" not in text
    assert not Rerun.objects.exists()


@pytest.mark.parametrize("arguments", [(), ("explode",), ("start", "--yes"), ("watch", "17")])
def test_wrong_use_exits_with_2(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "manage.py", "rerun", *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "usage:" in finished.stderr


@contextmanager
def worked_off(kind_name: str) -> Iterator[None]:
    """Somebody who does the slices and the jobs of a rerun as soon as there is one."""

    def is_over() -> bool:
        return Rerun.objects.exclude(state__in=["canary", "running"]).exists()

    with elsewhere(lambda: wait_until(lambda: _step(kind_name) or is_over(), seconds=60)) as over:
        yield
        assert over.result(timeout=60)


def _step(kind_name: str) -> bool:
    for rerun in Rerun.objects.filter(state__in=["canary", "running"]):
        run_to_its_end(rerun, kind_of(kind_name))
    return False
