"""The customers and their programmes."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import link, list_url, page_of
from clinical_engine.staff.filters import RelatedFilter
from clinical_engine.staff.navigation import Menu
from submitters.models import Organisation, Submitter


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Name and time zone; the zone is chosen, not typed."""

    time_zone = forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(available_timezones())],
        widget=UnfoldAdminSelectWidget,
        help_text="In which the organisation's calendar days begin",
    )

    class Meta:
        model = Organisation
        fields = ("name", "time_zone")


@admin.register(Organisation)
class OrganisationAdmin(StaffModelAdmin):
    """A care provider: its name and time zone."""

    menu = Menu(80, "Set-up", "local_hospital")
    allow_add = True
    allow_change = True
    form = OrganisationForm
    list_display = ("name", "time_zone", "submitters")
    search_fields = ("name",)
    search_help_text = "Name"
    fieldsets = ((None, {"fields": ("name", "time_zone")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the number of submitters."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(submitter_count=Count("submitters"))
        return rows

    @admin.display(description="submitters")
    def submitters(self, organisation: Any) -> str:  # noqa: ANN401 - an annotated row
        """How many, leading to them."""
        url = list_url("admin:submitters_submitter_changelist", organisation__id__exact=organisation.pk)
        return link(url, organisation.submitter_count)


class SubmitterForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Name and organisation."""

    class Meta:
        model = Submitter
        fields = ("name", "organisation")

    def clean_name(self) -> str:
        """The name, which no other one of the organisation has: of a field that cannot be changed Django asks nothing."""
        name: str = self.cleaned_data["name"]
        others = Submitter.objects.exclude(pk=self.instance.pk)
        if others.filter(organisation=self.instance.organisation_id, name=name).exists():
            raise forms.ValidationError("Another submitter of this organisation has this name.")
        return name


@admin.register(Submitter)
class SubmitterAdmin(StaffModelAdmin):
    """A programme. Its organisation is chosen once: patients' rows are tied to both."""

    menu = Menu(81, "Set-up", "hub")
    allow_add = True
    allow_change = True
    form = SubmitterForm
    related = ("organisation",)
    list_display = ("name", "of_organisation")
    list_filter = (("organisation", RelatedFilter),)
    search_fields = ("name",)
    search_help_text = "Name"
    fieldsets = ((None, {"fields": ("name", "organisation")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Submitter | None = None) -> tuple[str, ...]:
        """The organisation, once there is one."""
        del request
        return () if obj is None else ("organisation",)

    @admin.display(description="organisation", ordering="organisation__name")
    def of_organisation(self, submitter: Submitter) -> str:
        """Leads to the organisation."""
        organisation = submitter.organisation
        return page_of("admin:submitters_organisation_change", organisation.pk, organisation.name)
