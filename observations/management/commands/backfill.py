"""`manage.py backfill SCRIPT`: bring a script's results over a period current. docs/operations/backfill.md says more."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime

from clinical_engine.common.commands import WRONG_USE, all_or_nothing
from clinical_engine.common.errors import NotAllowedNowError
from clinical_engine.jobs.following import sentences_about
from observations.backfill import report, services
from observations.backfill.watching import follow
from observations.models import Backfill, BackfillState, ObservationScript, ScriptVersion
from submitters.models import Organisation

_NOT_DONE = 1
_FORMS = "2026-03-10 or 2026-03-10T12:00+01:00, without a zone in UTC"
_MAY_START, _MAY_STEER = "observations.add_backfill", "observations.steer_backfill"
_STEPS: Mapping[str, tuple[str, Callable[..., None]]] = {
    "pause": ("Paused", services.pause),
    "resume": ("Resumed", services.resume),
    "cancel": ("Cancelled", services.cancel),
}


class Command(BaseCommand):
    """Exits with 0 when it is done and no script failed, 1 when one did or it goes on no more, 2 for wrong use.

    With 3 when the database does not answer, 130 when it was interrupted.
    """

    help = "Bring every result of a script as of a period current, or tell what would change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compute; or which backfill to follow or steer."""
        parser.add_argument("script", nargs="?", default="", metavar="SCRIPT", help="Its name")
        parser.add_argument("--organisation", type=UUID, metavar="UUID", help="Of its patients only")
        parser.add_argument(
            "--since",
            type=_time,
            metavar="TIME",
            help=f"As of this time and later; {_FORMS}",
        )
        parser.add_argument(
            "--until",
            type=_time,
            metavar="TIME",
            help="As of this time and earlier; otherwise all later ones",
        )
        parser.add_argument("--rate", type=int, metavar="N", help="Patients a second at most")
        parser.add_argument("--dry-run", action="store_true", help="Tell what would change; store nothing")
        parser.add_argument(
            "--candidate", type=int, metavar="N", help="The version to compare with what is in force"
        )
        parser.add_argument("--reason", default="", help="Kept in the audit trail; never names a patient")
        parser.add_argument("--actor", default="", metavar="USERNAME", help="The account that acts")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--follow", type=UUID, metavar="ID", help="Show the progress of a backfill")
        for step in _STEPS:
            which.add_argument(f"--{step}", type=UUID, metavar="ID", help=f"{step.capitalize()} a backfill")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002 - Django's signature
        """Start, steer or follow. Raises CommandError with one sentence for whatever a person can mend."""
        step = next((step for step in _STEPS if options[step]), "")
        with all_or_nothing(NotAllowedNowError):
            backfill = _meant(step, options)
        if step:
            self.stdout.write(f"{_STEPS[step][0]}: backfill {backfill.pk}.")
        elif options["follow"]:
            self._follow(backfill)
        else:
            self._follow(backfill, f"Started: backfill {backfill.pk}.")

    def _follow(self, backfill: Backfill, *first: str) -> None:
        again = f"manage.py backfill --follow {backfill.pk}"
        hint = f"To follow it: {again}. To pause it: --pause instead of --follow, with --reason and --actor."
        with sentences_about("backfill", hint=hint, again=f"look again with: {again}"):
            for text in first:
                self.stdout.write(text)
            follow(backfill, self.stderr)
            for text in report.result(backfill):
                self.stdout.write(text)
        if backfill.state != BackfillState.DONE or backfill.patients_failed:
            raise CommandError("Not every patient's results are as the scripts say.", returncode=_NOT_DONE)


def _meant(step: str, options: Mapping[str, Any]) -> Backfill:
    """The backfill that the step was done with, that is to be followed, or that was started."""
    if step:
        return _steered(step, options)
    return _known(options["follow"]) if options["follow"] else _started(options)


def _steered(step: str, options: Mapping[str, Any]) -> Backfill:
    backfill = _known(options[step])
    actor = _actor(options["actor"], _MAY_STEER)
    if actor is None:
        raise CommandError("--actor: say whose account acts.", returncode=WRONG_USE)
    _, act = _STEPS[step]
    act(actor=actor, backfill_id=backfill.pk, reason=options["reason"])
    return backfill


def _started(options: Mapping[str, Any]) -> Backfill:
    script = ObservationScript.objects.filter(name=options["script"]).first()
    if script is None:
        raise CommandError("SCRIPT: there is no script of this name.", returncode=WRONG_USE)
    if options["since"] is None:
        raise CommandError("--since: say from when on.", returncode=WRONG_USE)
    return services.start_backfill(
        actor=_actor(options["actor"], _MAY_START),
        script=script,
        organisation=_organisation(options["organisation"]),
        candidate=_candidate(script, options["candidate"]),
        **{name: options[name] for name in ("since", "until", "reason", "rate", "dry_run")},
    )


def _time(text: str) -> datetime:
    try:
        day = parse_date(text) if "T" not in text else None
        time = datetime(day.year, day.month, day.day) if day else parse_datetime(text)  # noqa: DTZ001 - below
    except ValueError:
        time = None  # as it should be, and no such day or hour
    if time is None:
        raise ArgumentTypeError(f"write {_FORMS}.")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _organisation(key: UUID | None) -> Organisation | None:
    if key is None:
        return None
    organisation = Organisation.objects.filter(pk=key).first()
    if organisation is None:
        raise CommandError("--organisation: there is no such organisation.", returncode=WRONG_USE)
    return organisation


def _candidate(script: ObservationScript, number: int | None) -> ScriptVersion | None:
    if number is None:
        return None
    candidate = script.versions.filter(number=number).first()
    if candidate is None:
        raise CommandError("--candidate: the script has no such version.", returncode=WRONG_USE)
    return candidate


def _known(key: UUID) -> Backfill:
    backfill = Backfill.objects.filter(pk=key).first()
    if backfill is None:
        raise CommandError("There is no such backfill.", returncode=WRONG_USE)
    return backfill


def _actor(name: str, permission: str) -> User | None:
    if not name:
        return None
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None or not user.has_perm(permission):
        raise CommandError(
            f"--actor: is the name of an active account with the permission {permission}.",
            returncode=WRONG_USE,
        )
    return user
