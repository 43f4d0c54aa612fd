"""What is done with a script that was published: put an older version back, pin, lift a pin, withdraw. Each needs one person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from clinical_engine.staff.reasons import ReasonForm
from observations.admin.scripts.fields import EffectiveFromField
from observations.models import ObservationScript, Publication, ScriptFailure
from observations.scripts import publishing
from observations.scripts.history import History
from submitters.models import Organisation


class VersionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # it takes none at run time
    """One of the script's versions."""

    def label_from_instance(self, obj: Any) -> str:  # noqa: ANN401 - Django's signature
        """Its number and note, and what speaks against it."""
        against = ["was rolled back from"] if obj.was_left else []
        if obj.failing:
            against.append(f"failed for {'1 patient' if obj.failing == 1 else f'{obj.failing:,} patients'}")
        marks = f" ({', '.join(against)})" if against else ""
        return f"v{obj.number}{f': {obj.note}' * bool(obj.note)}{marks}"


class DeedForm(ReasonForm):
    """Since when, and why; forms of single deeds ask more. `seen` is the last publication that the page was made of."""

    order: ClassVar = ("version", "organisation", "effective_from", "reason")
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, script: ObservationScript, history: History, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"seen": history.last_id})
        self.script, self.history, self.now = script, history, timezone.now()
        self.fields["effective_from"] = EffectiveFromField(script, initial=self.since())
        # Asked last, and not where one begins to type.
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.add_choices()
        self.order_fields(self.order)

    def since(self) -> datetime:
        """Since when, unless something else is typed."""
        return self.now

    def add_choices(self) -> None:
        """Add the fields that only this deed asks."""

    @classmethod
    def obstacle(cls, script: ObservationScript, history: History) -> str:
        """Why this cannot be done now; '' when it can."""
        raise NotImplementedError

    def act(self, actor: User) -> Publication:
        """Do it. Raises RefusedError and NotAllowedNowError as the service does."""
        raise NotImplementedError


def _usable(script: ObservationScript, history: History) -> QuerySet[Any]:
    """The versions that can be put in force without a second person, the newest first; last what failed or was rolled back from."""
    published = script.versions.filter(suspended_at=None).exclude(published_at=None)
    failures = ScriptFailure.objects.filter(version=OuterRef("pk")).values("version")
    marked = published.annotate(
        failing=Subquery(failures.annotate(number=Count("pk")).values("number")),
        was_left=Case(When(pk__in=history.rolled_back_from(), then=True), default=False),
    )
    return marked.order_by(Case(When(Q(was_left=True) | Q(failing__gt=0), then=1), default=0), "-number")


class RollBackForm(DeedForm):
    """To which version; proposed is the one before, from when the one in force came."""

    def since(self) -> datetime:
        """From when what is in force now is."""
        now = self.history.at(self.now)
        return self.now if now is None else now.effective_from

    def add_choices(self) -> None:
        """The versions that were published and are not in force."""
        now = self.history.at(self.now)
        others = _usable(self.script, self.history).exclude(pk__in=[] if now is None else [now.version_id])
        self.fields["version"] = VersionField(
            label="Back to",
            queryset=others,
            initial=self.history.predecessor(self.now),
            widget=UnfoldAdminSelectWidget,
            help_text="Published before, and not suspended.",
        )

    @classmethod
    def obstacle(cls, script: ObservationScript, history: History) -> str:
        """There must be another version that was in force."""
        now = history.at(timezone.now())
        is_possible = (
            _usable(script, history).exclude(pk__in=[] if now is None else [now.version_id]).exists()
        )
        return "" if is_possible else "There is no other published version to go back to."

    def act(self, actor: User) -> Publication:
        """Put the version in force again."""
        answers = dict(self.cleaned_data)
        return publishing.roll_back(actor=actor, to=answers.pop("version"), **answers)


class PinForm(DeedForm):
    """Which organisation is to stay on which version."""

    def add_choices(self) -> None:
        """Every organisation, and every published version."""
        self.fields["version"] = VersionField(
            label="Version", queryset=_usable(self.script, self.history), widget=UnfoldAdminSelectWidget
        )
        self.fields["organisation"] = forms.ModelChoiceField(
            queryset=Organisation.objects.order_by("name"), widget=UnfoldAdminSelectWidget
        )

    @classmethod
    def obstacle(cls, script: ObservationScript, history: History) -> str:
        """It must be for all, and published."""
        if script.organisation_id is not None:
            return "The script is one organisation's: there is nothing that it could differ from."
        return "" if history.publications else "No version was ever published."

    def act(self, actor: User) -> Publication:
        """Pin it."""
        return publishing.pin(actor=actor, **self.cleaned_data)


class UnpinForm(DeedForm):
    """Which organisation is to follow the others again."""

    def add_choices(self) -> None:
        """The organisations that have a pin, now or later."""
        pinned = [one.pk for one in self.history.organisations if _is_pinned(self.history, one)]
        self.fields["organisation"] = forms.ModelChoiceField(
            queryset=Organisation.objects.filter(pk__in=pinned).order_by("name"),
            widget=UnfoldAdminSelectWidget,
        )

    @classmethod
    def obstacle(cls, script: ObservationScript, history: History) -> str:
        """Some organisation must have a pin."""
        del script
        pinned = any(_is_pinned(history, organisation) for organisation in history.organisations)
        return "" if pinned else "No organisation is pinned."

    def act(self, actor: User) -> Publication:
        """Lift the pin."""
        return publishing.unpin(actor=actor, script=self.script, **self.cleaned_data)


def _is_pinned(history: History, organisation: Organisation) -> bool:
    return any(one.version_id is not None for one in history.standing(organisation.pk))


class WithdrawForm(DeedForm):
    """From when on nothing is to be computed."""

    @classmethod
    def obstacle(cls, script: ObservationScript, history: History) -> str:
        """Something must be in force for all, now or later."""
        del script
        in_force = any(one.version_id is not None for one in history.standing())
        return "" if in_force else "Nothing is in force for all."

    def act(self, actor: User) -> Publication:
        """Withdraw it."""
        return publishing.withdraw(actor=actor, script=self.script, **self.cleaned_data)


@dataclass(frozen=True, slots=True)
class Deed:
    """A way to put something else in force, and the words for it."""

    path: str
    title: str
    explanation: str
    form: type[DeedForm]


ROLL_BACK = Deed(
    "roll-back",
    "Roll back",
    "From this time on the older version is in force again for all. It was tested and published before, so one person is enough. "
    "Organisations that are pinned stay where they are.",
    RollBackForm,
)
PIN = Deed(
    "pin",
    "Pin an organisation",
    "The organisation stays on this version from this time on, whatever is published for all.",
    PinForm,
)
UNPIN = Deed(
    "lift-pin",
    "Lift a pin",
    "From this time on the organisation follows what is published for all again.",
    UnpinForm,
)
WITHDRAW = Deed(
    "withdraw",
    "Withdraw",
    "From this time on the script computes nothing for anybody who is not pinned. What was computed stands until a backfill ends "
    "it.",
    WithdrawForm,
)
DEEDS = (ROLL_BACK, PIN, UNPIN, WITHDRAW)
