"""What a person is told when the engine is ready: where to look, who to be, what to try."""

import json
import shlex
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clinical_engine.running.checks import HOST

PAGES = {
    "Admin": "/admin/",
    "API documentation": "/api/v1/docs/",
    "Slow queries": "/admin/profiling/capturedstatement/",
    "Requests in silk": "/silk/",
    "Readiness": "/health/ready",
    "Metrics": "/metrics",
}


def summary(port: int, credentials: Path) -> str:
    """The text for an engine that is ready at `port`; accounts and the example come from the demo data, if there is any."""
    base = f"http://{HOST}:{port}"
    lines = ["", "The engine is ready. Ctrl-C stops it.", ""]
    lines += [f"  {name:<20}{base}{path}" for name, path in PAGES.items()]
    if credentials.exists():
        demo = json.loads(credentials.read_text(encoding="utf-8"))
        lines += ["", f"Demo accounts (kept in {credentials}):"]
        lines += [
            f"  {account['role']:<20}{account['username']}  {account['password']}"
            for account in demo["accounts"]
        ]
        lines += [
            "",
            f"  {'Organisation':<20}{demo['organisation']}",
            f"  {'Submitter':<20}{demo['submitter']}",
        ]
        lines += ["", "An activation, as the vitals app sends it:", "", example(base, demo)]
    return "\n".join([*lines, ""])


def example(base: str, demo: dict[str, Any]) -> str:
    """A shell command that activates a made-up patient; it works as pasted, and again as a duplicate."""
    body = {
        "client_id": str(uuid.uuid4()),
        "submitter": demo["submitter"],
        "external_id": "demo-patient",
        "effective_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return " \\\n".join(
        (
            f"  curl -i {base}/api/v1/activations",
            f"    -H {shlex.quote('Authorization: Bearer ' + demo['api_key'])}",
            "    -H 'Content-Type: application/json'",
            f"    -d {shlex.quote(json.dumps(body))}",
        )
    )
