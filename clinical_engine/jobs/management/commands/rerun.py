"""`manage.py rerun`: run failed jobs again, all that match a filter, from a shell. docs/operations/jobs.md says more."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from clinical_engine.common.commands import WRONG_USE, account, all_or_nothing
from clinical_engine.common.errors import NotAllowedNowError, RefusedError
from clinical_engine.jobs.following import sentences_about
from clinical_engine.jobs.models import Rerun
from clinical_engine.jobs.reruns import report, services
from clinical_engine.jobs.reruns.examination import examine
from clinical_engine.jobs.reruns.limits import Limits
from clinical_engine.jobs.reruns.progress import Progress
from clinical_engine.jobs.reruns.watching import NoSuchRerunError, watch
from clinical_engine.jobs.selection import NAMES, SPANS, STATES, WITHIN, Selection, SelectionError
from clinical_engine.jobs.states import RerunState

_SOMETHING_FAILED = 1
_LISTED = 20
_HINTS = {
    "state": f"One of {', '.join(STATES)}",
    "fingerprint": "The cause, as the repair desk shows it",
    "release": "That tried it last",
    "payload_version": "The format of the stored payload",
    "organisation": "UUID",
    "submitter": "UUID",
    "failed_after": "A time such as 2026-03-10T12:00+01:00; without a zone it is UTC",
    "failed_before": "As --failed-after",
    "last_actor": "User name, or id, of the account that touched it last",
    WITHIN: f"One of {', '.join(SPANS)}",
}
_CHANGES: Mapping[str, Callable[..., None]] = {
    "pause": services.pause,
    "resume": services.resume,
    "cancel": services.cancel,
}
_SAID = {"pause": "Paused", "resume": "Resumed", "cancel": "Cancelled"}


class Command(BaseCommand):
    """Exits with 0 when all that was run succeeded, 1 when some failed again or it does not go on, 2 for wrong use.

    3 when the database does not answer, 130 when it was interrupted.
    """

    help = "Run failed jobs again, all that match a filter: with a dry run first, a few tried before the others, and a brake."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One step of a rerun each."""
        steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
        check = steps.add_parser(
            "check", help="Dry run: what would run again, what not and why; writes nothing"
        )
        start = steps.add_parser("start", help="Dry run, then start, then watch")
        for step in (check, start):
            _add_filters(step)
            _add_limit(step, "rate", "Jobs a second")
        _add_limit(start, "canary", "Jobs that are tried, and waited for, before the others")
        _add_limit(start, "failed_share", "Per cent of failures above which it pauses by itself")
        start.add_argument("--yes", action="store_true", help="Do not ask")
        steps.add_parser("list", help=f"The last {_LISTED} reruns")
        _add_id(steps.add_parser("watch", help="Show the progress until it goes on no more"))
        for name in _CHANGES:
            _add_id(steps.add_parser(name, help=f"{name.capitalize()} a rerun"))
        for step in (start, *(steps.choices[name] for name in _CHANGES)):
            step.add_argument(
                "--reason", required=True, help="Kept in the audit trail; never names a patient"
            )
            step.add_argument("--actor", required=True, metavar="USERNAME", help="The account that acts")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Do one step. Raises CommandError with one sentence for whatever a person can mend."""
        step = options["step"]
        if step in _CHANGES:
            self._change(step, options)
        else:
            {"check": self._check, "start": self._start, "watch": self._watch_id, "list": self._list}[step](
                options
            )

    def _check(self, options: Mapping[str, Any]) -> None:
        with _sentences():
            limits = Limits(rate=options["rate"])
            limits.check()
            for text in report.dry_run(examine(_selection(options)), limits):
                self.stdout.write(text)

    def _start(self, options: Mapping[str, Any]) -> None:
        with _sentences():
            rerun = self._started(options)
        self._watch(rerun.pk, f"Started: {report.counted(rerun.total)}, rerun {rerun.pk}.")

    def _started(self, options: Mapping[str, Any]) -> Rerun:
        actor = account(options["actor"], "jobs.add_rerun")
        limits = Limits(options["rate"], options["canary"], options["failed_share"])
        limits.check()
        selection = _selection(options)
        examined = examine(selection)
        for text in report.dry_run(examined, limits):
            self.stdout.write(text)
        if examined.jobs and not options["yes"] and not self._agreed():
            raise CommandError(
                "Nothing was started: nobody agreed. Answer 'y', or use --yes.", returncode=WRONG_USE
            )
        return services.start(actor=actor, selection=selection, reason=options["reason"], limits=limits)

    def _agreed(self) -> bool:
        self.stdout.write("Start? [y/N] ", ending="")
        self.stdout.flush()
        try:
            return input().strip().lower() in {"y", "yes"}
        except (EOFError, KeyboardInterrupt):
            # Nobody is there to answer: '--yes' says so beforehand.
            return False

    def _watch_id(self, options: Mapping[str, Any]) -> None:
        self._watch(options["id"])

    def _watch(self, rerun_id: UUID, *first: str) -> None:
        hint = f"To pause it: manage.py rerun pause {rerun_id} --reason ... --actor ..."
        with sentences_about("rerun", hint=hint, again=f"look again with: manage.py rerun watch {rerun_id}"):
            for text in first:
                self.stdout.write(text)
            try:
                progress = watch(rerun_id, self.stderr)
            except NoSuchRerunError:
                raise CommandError("There is no such rerun.", returncode=WRONG_USE) from None
            self.stdout.write(report.line(progress))
        if problem := _problem(progress):
            raise CommandError(problem, returncode=_SOMETHING_FAILED)

    def _change(self, step: str, options: Mapping[str, Any]) -> None:
        with _sentences():
            actor = account(options["actor"], "jobs.change_rerun")
            _CHANGES[step](actor=actor, rerun_id=options["id"], reason=options["reason"])
        self.stdout.write(f"{_SAID[step]}: rerun {options['id']}.")

    def _list(self, options: Mapping[str, Any]) -> None:
        del options
        with _sentences():
            reruns = Rerun.objects.select_related("actor").order_by("-pk")[:_LISTED]
            for rerun in reruns:
                self.stdout.write(report.listed(rerun))
            if not reruns:
                self.stdout.write("There was no rerun yet.")


@contextmanager
def _sentences() -> Iterator[None]:
    """As `all_or_nothing`; what is refused is named as its option."""
    with all_or_nothing(NotAllowedNowError):
        try:
            yield
        except SelectionError as error:
            message = str(error).removeprefix(f"{error.field}: ")
            raise CommandError(f"{_option(error.field)}: {message}", returncode=WRONG_USE) from None
        except RefusedError as error:
            texts = [f"{_option(refusal.field)}: {refusal.message}" for refusal in error.refusals]
            raise CommandError(" ".join(texts), returncode=WRONG_USE) from None


def _add_filters(parser: ArgumentParser) -> None:
    filters = parser.add_argument_group(
        "filters", "Together they choose the jobs; without any it is all that failed."
    )
    for name in (*NAMES, WITHIN):
        hint = _HINTS.get(name)
        filters.add_argument(_option(name), default="", metavar=name.upper(), help=hint)


def _add_limit(parser: ArgumentParser, name: str, text: str) -> None:
    parser.add_argument(
        _option(name), type=int, default=getattr(Limits(), name), metavar="N", help=f"{text} (%(default)s)"
    )


def _add_id(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=UUID, metavar="ID", help="As 'list' shows it")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _selection(options: Mapping[str, Any]) -> Selection:
    given = {name: options[name] for name in (*NAMES, WITHIN)}
    actor = User.objects.filter(username=given["last_actor"]).first()
    return Selection.parse(given | ({"last_actor": str(actor.pk)} if actor else {}))


def _problem(progress: Progress) -> str:
    rerun = progress.rerun
    if rerun.state == RerunState.PAUSED:
        return f"Paused: {rerun.paused_because} To go on: manage.py rerun resume {rerun.pk} --reason ... --actor ..."
    if rerun.state == RerunState.CANCELLED:
        return "It was cancelled."
    return f"{rerun.failed:,} failed again." if rerun.failed else ""
