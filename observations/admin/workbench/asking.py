"""Which patient a version is tried on, over which period: the form. Nothing of it stands in an address."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from clinical_engine.staff.reasons import MAX_LENGTH
from clinical_engine.staff.search import as_uuid
from observations.admin.scripts.fields import zone_of
from observations.models import ScriptVersion
from patients.admin.by_hand.fields import ClockTimeField
from patients.admin.search import of_any_organisation
from patients.models import Patient
from submitters.models import Organisation

USUAL = timedelta(days=30)
LONGEST = timedelta(days=366)
# A script of all has no zone of its own, and whose patient it will be is not known yet.
_LISTED = " Results are listed in the time zone of the patient's organisation."
# A device's clock may be ahead.
_AHEAD = timedelta(days=1)


class RehearsalForm(forms.Form):
    """A patient and a period; `patient`, `since` and `until` are what was found once it is valid."""

    patient = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="The id that the vitals app has for them, or ours.",
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="Any",
    )
    differing = forms.BooleanField(
        label="List only what differs", required=False, widget=UnfoldBooleanWidget()
    )
    reason = forms.CharField(
        required=False,
        max_length=MAX_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"maxlength": MAX_LENGTH}),
        help_text="Kept in the audit trail, where it also stands on whom it was tried. May be left out.",
    )

    def __init__(self, version: ScriptVersion, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.version = version
        zone = zone_of(version.script)
        self.fields["since"] = ClockTimeField(
            zone=zone,
            label="As of, from",
            initial=timezone.now() - USUAL,
            help_text=f"As the clocks show it in {zone.key}.{_LISTED * (version.script.organisation is None)}",
        )
        self.fields["until"] = ClockTimeField(
            zone=zone,
            required=False,
            label="As of, to",
            help_text=f"As the clocks show it in {zone.key}, included; empty: the newest results.",
        )
        self.order_fields(["patient", "organisation", "since", "until", "differing", "reason"])

    def clean(self) -> dict[str, Any]:
        """Find the patient. Raises ValidationError where there is none, or more than one, or the period is none."""
        said = self.cleaned_data
        if "patient" in said and "organisation" in said:
            said["patient"] = self._patient(said["patient"].strip(), said["organisation"])
        if "since" in said and "until" in said:
            said["until"] = said["until"] or max(timezone.now() + _AHEAD, said["since"])
            self._check_period(said["until"] - said["since"])
        return said

    def _patient(self, text: str, organisation: Organisation | None) -> Patient:
        key = as_uuid(text)
        if key is not None:
            patients = Patient.objects.filter(pk=key)
        elif organisation is not None:
            patients = Patient.objects.filter(organisation=organisation, external_id=text)
        else:
            patients = Patient.objects.filter(of_any_organisation(external_id=text))
        # Two are enough to know that there is more than one.
        found = list(patients.select_related("organisation")[:2])
        if len(found) > 1:
            raise ValidationError("Several organisations have a patient with this id: choose one of them.")
        if not found:
            raise ValidationError("There is no such patient.")
        if self.version.script.organisation_id not in {None, found[0].organisation_id}:
            raise ValidationError("The patient is another organisation's than the script.")
        return found[0]

    def _check_period(self, length: timedelta) -> None:
        if length < timedelta(0):
            raise ValidationError("The period ends before it begins.")
        if length > LONGEST + _AHEAD:
            raise ValidationError(f"At most {LONGEST.days} days at a time.")
