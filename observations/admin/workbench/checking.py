"""Checking a source while it is typed. Nothing is stored."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from observations.engine import Problem, ScriptRefused, compile_script

PERMISSION = "observations.change_scriptversion"
MAX_BYTES = 1_000_000


def check(request: HttpRequest) -> HttpResponse:
    """Answer {"source": text, "inputs": [names]} with {"problems": [{line, column, message}], "unread": [names]}.

    Lines and columns count from 1; both are 0 when no place is at fault. `unread` are inputs that the source never reads.
    403 for who may not change versions, 413 for more than `MAX_BYTES`, 400 for anything else than this.
    """
    if not request.user.has_perm(PERMISSION):
        return JsonResponse({"error": "You may not change scripts."}, status=403)
    if request.method != "POST":
        return JsonResponse({"error": "Send a source."}, status=405, headers={"Allow": "POST"})
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        return JsonResponse({"error": f"At most {MAX_BYTES:,} bytes."}, status=413)
    asked = _asked(request.body)
    if asked is None:
        return JsonResponse({"error": "Send a source, and the names of its inputs."}, status=400)
    problems, unread = checked(*asked)
    return JsonResponse({"problems": [problem._asdict() for problem in problems], "unread": unread})


def checked(source: str, names: Sequence[str]) -> tuple[Sequence[Problem], list[str]]:
    """Why the source is refused with these inputs; when it is not, those of them that it never reads."""
    try:
        script = compile_script(source, names)
    except ScriptRefused as refused:
        return refused.problems, []
    return (), [name for name in names if name not in script.names_read]


def _asked(body: bytes) -> tuple[str, list[str]] | None:
    try:
        sent: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match sent:
        case {"source": str(source), "inputs": [*names]} if all(isinstance(name, str) for name in names):
            # An input is declared twice while its row is typed; the rows say so.
            return source, [*dict.fromkeys(names)]
    return None
