"""Rosters: the vitals app's own lists of a submitter's active patients, and how they differ from the associations."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clinical_engine.common.models import IdentifiedModel
from patients.models.patients import Patient
from patients.models.statements import StatementKind, StatementSource
from submitters.models import ApiClient, Organisation, Submitter


class RosterState(models.TextChoices):
    """How far a roster has come."""

    COMPARING = "comparing", "Comparing"
    HELD = "held", "Held for a person"
    APPLYING = "applying", "Applying"
    APPLIED = "applied", "Applied"
    COMPARED = "compared", "Compared only"
    CANCELLED = "cancelled", "Cancelled"
    SUPERSEDED = "superseded", "Superseded"


MOVING = (RosterState.COMPARING, RosterState.APPLYING)
OVER = (RosterState.APPLIED, RosterState.COMPARED, RosterState.CANCELLED, RosterState.SUPERSEDED)


class Roster(IdentifiedModel):
    """The full list of a submitter's active patients as the vitals app saw it `as_of` a time, and what came of it.

    The counts are of patients, but for `lines`, `unreadable` and `unnamed`, which are of lines.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    submitter = models.ForeignKey(
        Submitter, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="rosters"
    )
    as_of = models.DateTimeField()
    dry_run = models.BooleanField(help_text="Compared only, never applied")
    state = models.CharField(max_length=16, choices=RosterState)
    source = models.CharField(max_length=8, choices=StatementSource)
    api_client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    job_id = models.UUIDField(help_text="The job that compares and applies it")
    received_at = models.DateTimeField(db_default=Now())
    compared_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    lines = models.PositiveIntegerField()
    unreadable = models.PositiveIntegerField(help_text="Lines that could not be read")
    unnamed = models.PositiveIntegerField(help_text="Of these, lines that do not even tell whom they mean")
    problems = models.JSONField(default=list, help_text="Of the first bad lines: line, field, code, message")

    linked_before = models.PositiveIntegerField(
        db_default=0, help_text="Patients linked when it was compared"
    )
    in_order = models.PositiveIntegerField(db_default=0, help_text="Listed and linked")
    other_since = models.PositiveIntegerField(
        db_default=0, help_text="Of these, linked since another time than listed"
    )
    missing = models.PositiveIntegerField(db_default=0, help_text="Listed and not linked")
    reactivated = models.PositiveIntegerField(
        db_default=0,
        help_text="Of these, stated inactive later than the list has them active: active from `as_of` on",
    )
    extra = models.PositiveIntegerField(db_default=0, help_text="Linked and not listed")
    newer = models.PositiveIntegerField(
        db_default=0, help_text="Different, but stated later than `as_of`: left alone"
    )
    unclear = models.PositiveIntegerField(
        db_default=0, help_text="Listed without one readable time and not linked: left alone"
    )
    repeated = models.PositiveIntegerField(db_default=0, help_text="Listed more than once with one time")
    contradictory = models.PositiveIntegerField(
        db_default=0, help_text="Listed more than once with different times"
    )

    done = models.PositiveIntegerField(
        db_default=0, help_text="How many of the missing and extra are settled"
    )
    held_because = models.CharField(max_length=256, blank=True, db_default="")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)
    confirmed_extra = models.PositiveIntegerField(
        null=True, help_text="How many extra patients the person who confirmed it saw"
    )

    is_last = models.BooleanField(
        db_default=False, help_text="The last one applied: its lines are compared again and again"
    )
    is_stored = models.BooleanField(db_default=True, help_text="Its lines or differences are still kept")
    drift = models.PositiveIntegerField(
        null=True, help_text="Active in vitals and not linked here, when last compared"
    )
    drift_compared_at = models.DateTimeField(null=True)
    drift_due_at = models.DateTimeField(null=True, help_text="When it is to be compared again")

    class Meta:
        permissions: ClassVar = [
            ("confirm_roster", "Can confirm a roster that the guard holds"),
            ("cancel_roster", "Can cancel a roster"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=RosterState.values), name="roster_state_known"),
            models.CheckConstraint(
                condition=Q(source__in=StatementSource.values), name="roster_source_known"
            ),
            # Two at once would each undo what the other one did.
            models.UniqueConstraint(
                fields=["submitter"],
                condition=Q(
                    dry_run=False, state__in=[RosterState.COMPARING, RosterState.HELD, RosterState.APPLYING]
                ),
                name="roster_under_way_once",
            ),
            models.UniqueConstraint(fields=["submitter"], condition=Q(is_last=True), name="roster_last_once"),
        ]
        indexes: ClassVar = [
            # A submitter's rosters, on its page.
            models.Index(fields=["submitter", "-id"], name="roster_of_submitter"),
            # 'Was a younger one applied?', asked before a body is read.
            models.Index(
                fields=["submitter", "-as_of"], condition=Q(state=RosterState.APPLIED), name="roster_applied"
            ),
            # The few that wait for a person, among all that ever were.
            models.Index(fields=["-id"], condition=Q(state=RosterState.HELD), name="roster_held"),
            # Which are to be compared again, and which show drift: one row for each submitter.
            models.Index(fields=["drift_due_at"], condition=Q(is_last=True), name="roster_drift"),
            # Whose rows are to be cleared away.
            models.Index(fields=["submitter"], condition=Q(is_stored=True), name="roster_stored"),
        ]

    def __str__(self) -> str:
        return f"roster {self.id}"

    @property
    def to_do(self) -> int:
        """How many patients are to be linked or unlinked."""
        return self.missing + self.extra


class RosterLine(models.Model):
    """One line of a roster, as COPY wrote it. Logged: an accepted roster outlives a crash.

    No key to the roster: it would cost more than the line itself, and a line of no roster does no harm.
    """

    pk = models.CompositePrimaryKey("roster_id", "line")
    roster = models.ForeignKey(
        Roster, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    line = models.PositiveIntegerField()
    external_id = models.CharField(max_length=128, db_collation="C")
    active_since = models.DateTimeField(null=True, help_text="Null: it could not be read")

    def __str__(self) -> str:
        return f"line {self.line}"


class RosterChange(models.Model):
    """A patient to be linked or unlinked, in the order in which slices do it: patients' keys, then those still unknown.

    Who is still unknown has the id here that they will be created with.
    """

    pk = models.CompositePrimaryKey("roster_id", "position")
    roster = models.ForeignKey(
        Roster, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="changes"
    )
    position = models.PositiveIntegerField()
    patient = models.ForeignKey(
        Patient, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    external_id = models.CharField(
        max_length=128, blank=True, db_collation="C", help_text="Of a patient that was still unknown"
    )
    kind = models.CharField(max_length=16, choices=StatementKind)
    effective_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"change {self.position}"
