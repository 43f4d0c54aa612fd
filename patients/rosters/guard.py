"""The guard: a roster that would unlink many patients, or that cannot be trusted to name all of them, waits for a person."""

from django.conf import settings

from patients.models import Roster


def why_held(roster: Roster) -> str:
    """Why a compared roster must not be applied, or would not be, before somebody confirms it; '' when it may.

    A person confirms what they saw: when more patients would be unlinked by then, they are asked again.
    """
    if roster.confirmed_extra is not None:
        return _why_more_than_confirmed(roster.confirmed_extra, roster.extra)
    if roster.lines == 0:
        return "The roster is empty."
    if roster.extra > settings.ROSTER_GUARD_SHARE * roster.linked_before:
        share = roster.extra / roster.linked_before
        return (
            f"{roster.extra:,} of {roster.linked_before:,} linked patients would be unlinked ({share:.1%});"
            f" up to {settings.ROSTER_GUARD_SHARE:.0%} are without asking."
        )
    if roster.extra and roster.unnamed:
        return (
            f"{roster.unnamed:,} lines do not tell whom they mean: the {roster.extra:,} patients who would be unlinked may be"
            " among them."
        )
    return ""


def _why_more_than_confirmed(confirmed: int, extra: int) -> str:
    if extra <= confirmed:
        return ""
    return f"It was confirmed when {confirmed:,} patients would have been unlinked; by now it is {extra:,}."
