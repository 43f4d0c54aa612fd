"""Runs a supervisor over made-up services, given as JSON, in a process of its own: `python -m tests.running.supervise`."""

import json
import os
import sys

from clinical_engine.running.services import Service
from clinical_engine.running.signals import StopSignals
from clinical_engine.running.supervisor import Supervisor


def main() -> None:
    services = [
        Service(name, (sys.executable, "-u", "-c", code), dict(os.environ), rank, patience)
        for name, code, rank, patience in json.loads(sys.argv[1])
    ]
    with StopSignals() as signals:
        signals.raising = False
        supervisor = Supervisor(services)
        try:
            reason = supervisor.watch(lambda: "asked" if signals.received else None)
        finally:
            supervisor.stop()
    sys.stdout.write(f"REASON {reason}\n")


if __name__ == "__main__":
    main()
