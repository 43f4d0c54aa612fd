"""A window that is opened here is known to real processes within a round, and bounds what they record together."""

from pathlib import Path

import pytest
import requests
from silk.models import Request

from clinical_engine.profiling.models import ProfilingWindow, Recording
from clinical_engine.profiling.silk import windows
from clinical_engine.running.processes import wait_until
from patients.models import Association
from tests import factories
from tests.api.bodies import statement
from tests.profiling.silk.windows import opened
from tests.workers import running_web, running_worker

# Nothing by chance, and a round twice a second.
QUIET = {"PROFILED_SHARE": "0", "CAPTURE_EVERY_SECONDS": "0.5"}


def activate(address: str, caller: factories.Caller, number: int) -> None:
    answer = requests.post(
        f"{address}/api/v1/activations",
        json=statement(caller, f"s-{number}", f"p-{number}"),
        headers={"Authorization": f"Bearer {caller.key}"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text


@pytest.mark.usefixtures("committed_db")
def test_web_and_worker_record_what_a_window_asks_for_until_it_is_stopped(tmp_path: Path) -> None:
    caller, actor = factories.caller(), factories.user()
    with (
        running_web(tmp_path / "web.log", environment=QUIET) as address,
        running_worker(tmp_path / "worker.log", environment=QUIET),
    ):
        activate(address, caller, 0)
        assert wait_until(Association.objects.exists, seconds=60)
        assert not Request.objects.exists()
        asked = [
            opened("POST /api/v1/activations", actor=actor),
            opened("job associate", actor=actor),
            opened("task jobs.work", actor=actor),
        ]
        assert wait_until(all_are_known, seconds=60)
        activate(address, caller, 1)
        assert wait_until(lambda: recorded() == {"POST", "JOB", "TASK"}, seconds=60)
        assert wait_until(all_have_told, seconds=60)
        for window in asked:
            windows.stop(actor=actor, window_id=window.pk, reason="Enough")
            assert window.recordings.exists()
        # In each process the next round forgets it.
        assert wait_until(lambda: forgotten(address, caller), seconds=60)


def all_are_known() -> bool:
    """Both processes have taken what they may record at first, 20 of each."""
    return not ProfilingWindow.objects.filter(granted__lt=40).exists()


def recorded() -> set[str]:
    return set(Request.objects.values_list("method", flat=True))


def all_have_told() -> bool:
    return not ProfilingWindow.objects.filter(recorded=0).exists()


def forgotten(address: str, caller: factories.Caller) -> bool:
    before = Recording.objects.filter(origin__startswith="POST").count()
    activate(address, caller, before + 100)
    return Recording.objects.filter(origin__startswith="POST").count() == before
