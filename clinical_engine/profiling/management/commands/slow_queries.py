"""`manage.py slow_queries`: captured statements from a shell or a script. docs/operations/slow-queries.md says more."""

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from clinical_engine.common.commands import WRONG_USE, sentences
from clinical_engine.common.database import execute
from clinical_engine.profiling import documents, selectors, tables
from clinical_engine.profiling.models import CapturedStatement, Finding, FindingKind

_FOUND = 1
_MOST_LISTED = 100_000
_TOP, _SORT = 20, "time"
# What is said of all statements when none is left by a word of `--only`; of the others a finding is meant.
_NONE = {"grows": "grows", "owned": "has an open finding with an owner", "overdue": "has an overdue finding"}
_FAIL_ON = {
    "grows": lambda: selectors.open_findings().filter(kind=FindingKind.GROWS),
    "overdue": selectors.overdue_findings,
}


class Command(BaseCommand):
    """Exits with 0; with 1 when `--fail-on` found something, 2 for wrong use, 3 when the database does not answer in time."""

    help = "Which statements cost most, which of them grow, and how far each is from its limit. Reads only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What is shown, and how."""
        parser.add_argument("fingerprint", nargs="?", default="", help="Show all that is known of this one")
        parser.add_argument("--json", action="store_true", help="Write one JSON document")
        parser.add_argument(
            "--top", type=_number_listed, default=None, metavar="N", help=f"How many are listed ({_TOP})"
        )
        parser.add_argument("--sort", choices=selectors.SORTS, default=None, help=f"Default: {_SORT}")
        parser.add_argument("--only", choices=selectors.ONLY, default=None, help="Those alone")
        parser.add_argument(
            "--fail-on",
            choices=_FAIL_ON,
            action="append",
            default=[],
            help="Exit with 1 while a finding of growth is open, or one is overdue; may be given twice",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Write what was asked for, and exit as the class says. Raises CommandError with one sentence."""
        if options["fingerprint"] and any(options[each] is not None for each in ("top", "sort", "only")):
            raise CommandError(
                "--top, --sort and --only are for the list: not with a fingerprint.", returncode=WRONG_USE
            )
        with sentences(), transaction.atomic():
            execute("SET TRANSACTION READ ONLY")
            self._write_while_read(options)
            is_found = any(_FAIL_ON[name]().exists() for name in options["fail_on"])
        if is_found:
            sys.exit(_FOUND)

    def _write_while_read(self, options: Mapping[str, Any]) -> None:
        try:
            self._write(options)
            self.stdout.flush()
        except BrokenPipeError:
            # Whoever reads, `head` perhaps, has enough. At the end Python would try once more to write what is left.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _write(self, options: Mapping[str, Any]) -> None:
        if options["fingerprint"]:
            self._write_one(options["fingerprint"].lower(), as_json=options["json"])
        else:
            self._write_ranking(options)

    def _write_ranking(self, options: Mapping[str, Any]) -> None:
        only = options["only"] or ""
        rows = selectors.ranked(options["sort"] or _SORT, only)
        shown = list(rows[: options["top"] or _TOP])
        findings = _open_by_statement(shown)
        if options["json"]:
            listed = [documents.statement_json(each, findings[each.pk]) for each in shown]
            self._write_json({"total": rows.count(), "statements": listed})
        elif shown:
            self._write_lines(tables.ranking([(each, findings[each.pk]) for each in shown]))
            self.stdout.write(f"Captured statements: {len(shown):,} of {rows.count():,}. {_findings()}")
        else:
            self.stdout.write(f"{_nothing(only)} {_findings()}")

    def _write_one(self, fingerprint: str, *, as_json: bool) -> None:
        statement = selectors.by_fingerprint(fingerprint)
        if statement is None:
            raise CommandError("No captured statement has this fingerprint.", returncode=WRONG_USE)
        callers, days = list(selectors.callers_of(statement)), selectors.days_of(statement)
        findings = list(selectors.findings_of([statement]))
        if as_json:
            shown = documents.statement_json(statement, findings) | {
                "callers": [documents.caller_json(each) for each in callers],
                "days": [documents.day_json(each) for each in days],
            }
            self._write_json({"statement": shown})
        else:
            self._write_lines(tables.page(statement, callers, days, findings))

    def _write_json(self, document: Mapping[str, Any]) -> None:
        about = {
            "release": settings.RELEASE,
            "as_of": timezone.now().isoformat(),
            "findings_open": selectors.open_findings().count(),
            "findings_overdue": selectors.overdue_findings().count(),
        }
        self.stdout.write(json.dumps({**about, **document}, indent=2))

    def _write_lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _number_listed(text: str) -> int:
    is_number = text.isdecimal() and len(text) <= len(str(_MOST_LISTED))
    if not is_number or not 1 <= int(text) <= _MOST_LISTED:
        raise ArgumentTypeError(f"must be a whole number from 1 to {_MOST_LISTED:,}")
    return int(text)


def _open_by_statement(statements: Sequence[CapturedStatement]) -> Mapping[int, list[Finding]]:
    found: dict[int, list[Finding]] = defaultdict(list)
    for finding in selectors.findings_of(statements).filter(closed_at=None):
        found[finding.statement_id].append(finding)
    return found


def _nothing(only: str) -> str:
    captured = selectors.ranked().count()
    if not captured:
        return "Nothing was captured yet. A fresh engine's first statements come within a minute or two."
    return f"Captured statements: {captured:,}. None of them {_NONE.get(only, 'has such a finding open')}."


def _findings() -> str:
    number, overdue = selectors.open_findings().count(), selectors.overdue_findings().count()
    return f"Findings: {number:,} open, {overdue:,} of them overdue."
