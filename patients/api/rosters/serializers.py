"""What the API takes and gives of rosters."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from patients.models import Roster, RosterState
from patients.models.rosters import OVER


class RosterLineSerializer(serializers.Serializer[Any]):
    """One line of a roster."""

    # Describes the body only; the reader decodes it.

    external_id = serializers.CharField(max_length=128, help_text="The patient as the vitals app knows it")
    active_since = serializers.DateTimeField(help_text="With a time zone; not after `as_of`")


class RosterReceivedSerializer(serializers.Serializer[Any]):
    """A roster that is stored, and will be compared."""

    roster = serializers.UUIDField()
    job = serializers.UUIDField(help_text="The job that compares and applies it")
    lines = serializers.IntegerField(help_text="Lines that were read; blank ones do not count")
    unreadable = serializers.IntegerField(
        help_text="Of these, lines that could not be read; see `problems` at `url`"
    )
    url = serializers.CharField(help_text="Where to see what becomes of it")


class RosterCountsSerializer(serializers.Serializer[Any]):
    """How a roster differs from what is linked here, in patients."""

    linked_before = serializers.IntegerField(help_text="Linked when it was compared")
    in_order = serializers.IntegerField(help_text="Listed and linked")
    other_since = serializers.IntegerField(
        help_text="Of these, linked since another time than listed: left alone"
    )
    missing = serializers.IntegerField(
        help_text="Listed and not linked: become active at their `active_since`"
    )
    reactivated = serializers.IntegerField(
        help_text="Of these, stated inactive later than the list has them active: become active at `as_of`"
    )
    extra = serializers.IntegerField(help_text="Linked and not listed: become inactive at `as_of`")
    newer = serializers.IntegerField(help_text="Different, but stated later than `as_of`: left alone")
    unclear = serializers.IntegerField(
        help_text="Not linked, and listed without one readable time: left alone"
    )
    repeated = serializers.IntegerField(help_text="Listed more than once with the same time")
    contradictory = serializers.IntegerField(help_text="Listed more than once with different times")


class RosterProgressSerializer(serializers.Serializer[Any]):
    """How many of the missing and extra patients are settled."""

    done = serializers.IntegerField()
    of = serializers.IntegerField(allow_null=True, help_text="Null until it is compared")


class RosterProblemSerializer(serializers.Serializer[Any]):
    """Why a line could not be read, or was left alone."""

    line = serializers.IntegerField(help_text="Its number, from 1; the header of CSV is line 1")
    field = serializers.CharField(help_text="The field, or `line` when no field alone is to blame")
    code = serializers.CharField(help_text="The reason, a stable word")
    message = serializers.CharField(help_text="The reason, for people; never repeats what was sent")


class RosterSerializer(serializers.Serializer[Any]):
    """A roster: where it stands, and how it differs from what is linked here."""

    id = serializers.UUIDField()
    submitter = serializers.UUIDField()
    job = serializers.UUIDField()
    as_of = serializers.DateTimeField()
    dry_run = serializers.BooleanField()
    state = serializers.ChoiceField(choices=RosterState.choices)
    finished = serializers.BooleanField(help_text="Nothing more happens to it")
    held_because = serializers.CharField(
        allow_blank=True,
        help_text="Why the guard waits for a person of our staff; empty unless it does, or did",
    )
    received_at = serializers.DateTimeField()
    compared_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    lines = serializers.IntegerField()
    unreadable = serializers.IntegerField(help_text="Of the lines")
    unnamed = serializers.IntegerField(
        help_text="Of the unreadable lines, those that do not tell whom they mean"
    )
    counts = RosterCountsSerializer(allow_null=True, help_text="Null until it is compared")
    progress = RosterProgressSerializer()
    problems = RosterProblemSerializer(many=True, help_text="Of the first 100 lines with one")


def describe_received(roster: Roster) -> dict[str, object]:
    """A roster that was just received, as `RosterReceivedSerializer` shows it."""
    return {
        "roster": roster.pk,
        "job": roster.job_id,
        "lines": roster.lines,
        "unreadable": roster.unreadable,
        "url": reverse("roster", args=[roster.pk]),
    }


def describe(roster: Roster) -> dict[str, object]:
    """The roster as `RosterSerializer` shows it."""
    names = ("id", "as_of", "dry_run", "state", "held_because", "received_at", "compared_at", "finished_at")
    numbers = ("lines", "unreadable", "unnamed", "problems")
    is_compared = roster.compared_at is not None
    return {
        **{name: getattr(roster, name) for name in (*names, *numbers)},
        "submitter": roster.submitter_id,
        "job": roster.job_id,
        "finished": roster.state in OVER,
        "counts": roster if is_compared else None,
        "progress": {"done": roster.done, "of": roster.to_do if is_compared else None},
    }
