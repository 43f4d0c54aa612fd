"""Checking a source while it is typed. Nothing is stored."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, JsonResponse

from observations.catalogue import catalogue
from observations.engine import Kind, Problem, ScriptRefused, compile_script
from observations.scripts.declarations import DeclaredInput, FactInput, How, MeasurementInput
from observations.scripts.kinds import kinds_of

PERMISSION = "observations.change_scriptversion"
MAX_BYTES = 1_000_000


def check(request: HttpRequest) -> HttpResponse:
    """Answer {"source": text, "inputs": [names]} with {"problems": [{line, column, message}], "unread": [names]}.

    With "declared", {name: {what, code, fact, how, take, fields_read}} as the rows of inputs call these, an input is of a kind.
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
    problems, unread = checked(asked.source, asked.names, asked.kinds)
    return JsonResponse({"problems": [problem._asdict() for problem in problems], "unread": unread})


class _Asked(NamedTuple):
    source: str
    names: list[str]
    kinds: Mapping[str, Kind]


def checked(
    source: str, names: Sequence[str], kinds: Mapping[str, Kind]
) -> tuple[Sequence[Problem], list[str]]:
    """Why the source is refused with these inputs; when it is not, those of them that it never reads."""
    try:
        script = compile_script(source, names, kinds=kinds)
    except ScriptRefused as refused:
        return refused.problems, []
    return (), [name for name in names if name not in script.names_read]


def _asked(body: bytes) -> _Asked | None:
    try:
        sent: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match sent:
        case {"source": str(source), "inputs": [*names]} if all(isinstance(name, str) for name in names):
            # An input is declared twice while its row is typed; the rows say so.
            return _Asked(source, [*dict.fromkeys(names)], _kinds_in(sent.get("declared")))
    return None


def _kinds_in(rows: object) -> Mapping[str, Kind]:
    """The kinds of inputs of which the rows tell it; a row that is half typed tells none."""
    declared = {name: _declared(row) for name, row in rows.items()} if isinstance(rows, dict) else {}
    return kinds_of({name: one for name, one in declared.items() if one is not None}, catalogue())


def _declared(row: object) -> DeclaredInput | None:
    match row:
        # With a default of its own it may be of any kind.
        case {"missing": "default"}:
            return None
        case {"what": "fact", "fact": str(fact)}:
            return FactInput(fact=fact)
        case {
            "what": "measurement",
            "code": str(code),
            "how": str(how),
            "take": str(take),
            "fields_read": str(parts),
        }:
            fields = {"part": parts} if parts else {}
            which = How.ALL_WITHIN if how == How.ALL_WITHIN else How.LATEST
            return MeasurementInput(code=code, how=which, take=take, fields=fields)
    return None
