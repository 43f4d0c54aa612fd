"""What the admin's other pages show of organisations and submitters."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from clinical_engine.staff import extensions, links
from clinical_engine.staff.filters import ChoiceFilter, Rows
from submitters.models import Organisation, Submitter


class OpaqueOrganisationFilter(ChoiceFilter):
    """By an organisation of which the rows have the opaque id only."""

    title = "organisation"
    parameter_name = "organisation"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """All organisations: by name to who may see them, otherwise by id, as the rows show them."""
        del model_admin
        named = request.user.has_perm("submitters.view_organisation")
        found = Organisation.objects.order_by("name").values_list("pk", "name")
        return [(str(key), name if named else str(key)) for key, name in found]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The rows of the organisation."""
        return rows.filter(organisation_id=value)


def _names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of organisations and submitters; where one is shown the other mostly is, and one query tells both."""
    organisations = Organisation.objects.filter(pk__in=ids).values_list("pk", "name")
    submitters = Submitter.objects.filter(pk__in=ids).values_list("pk", "name")
    return dict(organisations.union(submitters, all=True))


def offer() -> None:
    """Make opaque ids of this app's things lead to their pages, and jobs be filtered by them."""
    extensions.add_filters("jobs.job", OpaqueOrganisationFilter)
    links.register(
        "organisation",
        links.Target("admin:submitters_organisation_change", "submitters.view_organisation", _names),
    )
    links.register(
        "submitter",
        links.Target("admin:submitters_submitter_change", "submitters.view_submitter", _names),
    )
    links.register(
        "api_client", links.Target("admin:submitters_apiclient_change", "submitters.view_apiclient")
    )
