"""The engine's processes as `make run` starts them, for the time of a measurement."""

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

from django.conf import settings

from clinical_engine.running.processes import end, tethered
from clinical_engine.running.services import engine_services
from tests.ports import free_port

_POLL_SECONDS = 0.0005


@contextmanager
def running_services(
    names: Collection[str], *, environment: Mapping[str, str] | None = None, log: str = "engine.log"
) -> Iterator[int]:
    """The services of those names; gives the port that the web listens at, where it is one of them.

    `environment` is what differs from ours. They end in the order in which the supervisor ends them.
    """
    port = free_port()
    var = Path(settings.VAR_DIR)
    chosen = [
        service
        for service in engine_services(port, var, {**os.environ, **(environment or {})})
        if service.name in names
    ]
    with ExitStack() as stack:
        output = stack.enter_context((var / log).open("wb"))
        for service in sorted(chosen, key=lambda service: -service.rank):
            process = subprocess.Popen(
                tethered(service.command, on_parent_death=signal.SIGKILL),
                env=service.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            stack.callback(end, process, [(signal.SIGTERM, service.patience)])
        yield port


def wait(condition: Callable[[], bool], seconds: float, poll_seconds: float = _POLL_SECONDS) -> None:
    """Return once the condition is true. Raises TimeoutError when that takes longer than `seconds`."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError("What was waited for did not happen in time.")
        sleep(poll_seconds)
