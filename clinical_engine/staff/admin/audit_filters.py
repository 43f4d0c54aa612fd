"""Filters of the audit trail."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from clinical_engine.audit.models import AuditEntry
from clinical_engine.staff.filters import ChoiceFilter, Rows

MACHINE = "the engine"
_MACHINE = "engine"
# Actions are looked for among the youngest entries: the trail only grows, and its list must not get slower.
ENTRIES_SEEN = 5_000


class ActionFilter(ChoiceFilter):
    """By what was done."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The actions of the youngest entries, and the one that is asked for where there is any entry of it."""
        del request, model_admin
        newest = AuditEntry.objects.order_by("-pk").values("pk")[:ENTRIES_SEEN]
        actions = set(AuditEntry.objects.filter(pk__in=newest).values_list("action", flat=True).distinct())
        asked = self.value()
        # A NUL never comes this far: the list refuses it in any address.
        if asked and asked not in actions and AuditEntry.objects.filter(action=asked).exists():
            actions.add(asked)
        return [(action, action) for action in sorted(actions)]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The entries of the action."""
        return rows.filter(action=value)


class ActorFilter(ChoiceFilter):
    """By who did it."""

    title = "who"
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The engine, and all accounts: those who left are among them, since an account is never deleted."""
        del request, model_admin
        accounts = User.objects.order_by("username").values_list("pk", "username")
        return [(_MACHINE, MACHINE), *((str(key), name) for key, name in accounts)]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The entries of the account, or of the engine."""
        return rows.filter(actor=None if value == _MACHINE else value)
