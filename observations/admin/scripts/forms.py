"""Proposing and publishing a version, as forms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinical_engine.staff.reasons import ReasonForm
from observations.admin.scripts.fields import EffectiveFromField
from observations.admin.scripts.repair import repair_url
from observations.models import ScriptVersion
from observations.scripts import publishing


class ProposeForm(forms.Form):
    """From when on it is to be in force."""

    title: ClassVar = "Propose"
    done: ClassVar = "Proposed. Somebody else publishes it now."
    explanation: ClassVar = (
        "Somebody who neither wrote nor proposed it looks at it and publishes it. Until then nothing changes."
    )

    def __init__(self, version: ScriptVersion, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.version = version
        self.fields["effective_from"] = EffectiveFromField(version.script, initial=timezone.now())

    def obstacle(self, actor: User) -> str:
        """Why it cannot be proposed now; '' when it can."""
        del actor
        if self.version.published_at is not None:
            return "This version is published already."
        return "" if self.version.proposed_at is None else "It is proposed already."

    def act(self, actor: User) -> str:
        """Propose it; the address to go on to. Raises RefusedError and NotAllowedNowError as the service does."""
        publishing.propose(actor=actor, version=self.version, **self.cleaned_data)
        return reverse("admin:observations_scriptversion_change", args=[self.version.pk])


class PublishForm(ReasonForm):
    """Why, and which proposal was looked at."""

    title: ClassVar = "Publish"
    done: ClassVar = "Published."
    explanation: ClassVar = (
        "It is in force for all from the time proposed. Organisations that are pinned stay where they are."
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, version: ScriptVersion, data: Mapping[str, Any] | None = None) -> None:
        proposed = version.proposed_at
        super().__init__(data, initial={"seen": "" if proposed is None else proposed.isoformat()})
        self.version = version

    def clean_seen(self) -> datetime:
        """The time of the proposal. Raises ValidationError for what no page of ours sends."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            raise ValidationError("Open the page again: which proposal it showed is not known.") from None

    def obstacle(self, actor: User) -> str:
        """Why this account cannot publish it now; '' when it can."""
        if self.version.published_at is not None:
            return publishing.PUBLISHED_MEANWHILE
        if self.version.proposed_at is None:
            return "This version is not proposed."
        return "" if publishing.is_second_person(actor, self.version) else publishing.SECOND_PERSON

    def act(self, actor: User) -> str:
        """Publish it; the address to go on to. Raises RefusedError and NotAllowedNowError as the service does."""
        publication = publishing.publish_proposed(actor=actor, version=self.version, **self.cleaned_data)
        return repair_url(self.version.script, publication.effective_from)
