"""What is asked before something is stated by hand."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget

from clinical_engine.staff.reasons import ReasonForm
from patients.admin.by_hand.fields import since_field
from patients.admin.by_hand.foresight import Stated
from patients.models import Patient, StatementKind
from patients.services import move_by_hand, state_by_hand
from submitters.models import Submitter


class ByHandForm(ReasonForm):
    """Since when, and why; the subclasses ask with whom."""

    def __init__(self, patient: Patient, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.patient = patient
        self._submitters = {
            str(submitter.pk): submitter for submitter in patient.organisation.submitters.all()
        }
        self.fields["effective_at"] = since_field(patient.organisation.zone, "not in the future")
        # Asked last, and not where one begins to type.
        reason = self.fields.pop("reason")
        reason.widget.attrs.pop("autofocus", None)
        self.fields["reason"] = reason

    def statements(self) -> list[Stated]:
        """What the answers come to."""
        raise NotImplementedError

    def act(self, actor: User) -> None:
        """State it. Raises RefusedError for what the service refuses."""
        raise NotImplementedError

    def _ask_submitter(self, name: str, label: str, initial: Submitter | None) -> None:
        # Where two are asked for, each ModelChoiceField would read them all, and the chosen one once more.
        chosen = forms.TypedChoiceField(
            choices=[
                ("", "---------"),
                *((key, str(submitter)) for key, submitter in self._submitters.items()),
            ],
            coerce=self._submitters.__getitem__,
            label=label,
            initial=initial and initial.pk,
            error_messages={
                "invalid_choice": forms.ModelChoiceField.default_error_messages["invalid_choice"]
            },
            widget=UnfoldAdminSelectWidget,
        )
        self.fields = {name: chosen, **self.fields}

    def _only_submitter(self) -> Submitter | None:
        """The submitter with whom the patient is active, when there is one only."""
        linked = self.patient.associations.filter(dissociated_at=None).select_related("submitter")[:2]
        return linked[0].submitter if len(linked) == 1 else None


class StateForm(ByHandForm):
    """With whom the patient is active or inactive."""

    kind: StatementKind

    def __init__(self, patient: Patient, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(patient, data)
        is_leaving = self.kind is StatementKind.DEACTIVATION
        self._ask_submitter("submitter", "Submitter", self._only_submitter() if is_leaving else None)

    def statements(self) -> list[Stated]:
        """One."""
        answers = self.cleaned_data
        return [Stated(answers["submitter"], self.kind, answers["effective_at"])]

    def act(self, actor: User) -> None:
        """State it. Raises RefusedError for what the service refuses."""
        state_by_hand(actor=actor, patient=self.patient, kind=self.kind, **self.cleaned_data)


class StateActiveForm(StateForm):
    """Active since."""

    kind = StatementKind.ACTIVATION


class StateInactiveForm(StateForm):
    """Inactive since."""

    kind = StatementKind.DEACTIVATION


class MoveForm(ByHandForm):
    """From whom to whom the patient moves."""

    def __init__(self, patient: Patient, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(patient, data)
        self._ask_submitter("to_submitter", "To submitter", None)
        self._ask_submitter("from_submitter", "From submitter", self._only_submitter())

    def clean_to_submitter(self) -> Submitter:
        """Raise ValidationError unless it is another one."""
        to_submitter: Submitter = self.cleaned_data["to_submitter"]
        if to_submitter == self.cleaned_data.get("from_submitter"):
            raise ValidationError("Must be another one than the patient comes from.")
        return to_submitter

    def statements(self) -> list[Stated]:
        """Inactive with the one, active with the other."""
        answers = self.cleaned_data
        since = answers["effective_at"]
        return [
            Stated(answers["from_submitter"], StatementKind.DEACTIVATION, since),
            Stated(answers["to_submitter"], StatementKind.ACTIVATION, since),
        ]

    def act(self, actor: User) -> None:
        """State both. Raises RefusedError for what the service refuses."""
        move_by_hand(actor=actor, patient=self.patient, **self.cleaned_data)
