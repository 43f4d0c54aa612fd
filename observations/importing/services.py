"""What is done with imports: each call one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from clinical_engine.audit import services as audit
from clinical_engine.common.errors import NotAllowedNowError, Refusal, RefusedError
from clinical_engine.common.identifiers import new_id
from clinical_engine.common.lines import LineForm, copy_rows
from clinical_engine.jobs import ledger
from observations.importing.staging import COPY, StagedLines
from observations.models import ImportState, MeasurementImport
from submitters.models import Organisation

KIND = "import"
_MOST_OF_NAME = 200


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that is to be imported: what it is called, how it is to be read, and its bytes as they come."""

    name: str
    form: LineForm
    gzipped: bool
    chunks: Iterator[bytes]


@transaction.atomic
def receive(
    *,
    organisation: Organisation,
    file: IncomingFile,
    actor: AbstractBaseUser | None,
    reason: str,
    dry_run: bool = False,
) -> MeasurementImport:
    """Keep a file's lines and write the job that answers them.

    One transaction: an upload that breaks off leaves nothing behind. Raises RefusedError without a reason, or when the file as a
    whole cannot be taken; and whatever reading raises.
    """
    _require(reason)
    import_id = new_id()
    lines = StagedLines(file.chunks, form=file.form, gzipped=file.gzipped, import_id=import_id)
    copy_rows(COPY, lines)
    job = ledger.NewJob({"import_id": str(import_id)}, organisation_id=organisation.pk)
    received = MeasurementImport.objects.create(
        id=import_id,
        organisation=organisation,
        file_name="".join(filter(str.isprintable, file.name))[:_MOST_OF_NAME],
        form=file.form,
        columns=list(lines.columns),
        dry_run=dry_run,
        actor_id=actor.pk if actor else None,
        job_id=job.id,
        lines=lines.lines,
    )
    ledger.enqueue(KIND, [job])
    _record(actor, "measurement_import.start", received, reason, lines=lines.lines, dry_run=dry_run)
    return received


@transaction.atomic
def cancel(*, actor: AbstractBaseUser, import_id: UUID, reason: str) -> None:
    """Answer no more lines of an import; what it has stored so far stands.

    Raises RefusedError without a reason, NotAllowedNowError when it is over.
    """
    _require(reason)
    file = MeasurementImport.objects.select_for_update().get(pk=import_id)
    if file.state != ImportState.IMPORTING:
        raise NotAllowedNowError(
            f"The import is over ({file.get_state_display().lower()}); nothing was changed."
        )
    file.state, file.finished_at = ImportState.CANCELLED, timezone.now()
    file.save(update_fields=["state", "finished_at"])
    _record(actor, "measurement_import.cancel", file, reason, done=file.done, lines=file.lines)


def _require(reason: str) -> None:
    if not reason.strip():
        raise RefusedError(Refusal("reason", "missing", "A reason is required."))


def _record(
    actor: AbstractBaseUser | None, action: str, file: MeasurementImport, reason: str, **details: object
) -> None:
    target = audit.Target("measurement_import", file.pk, file.organisation_id, details)
    audit.record(actor=actor, action=action, targets=[target], reason=reason)
