"""What the admin's other pages show of organisations and submitters."""

from collections.abc import Collection, Mapping
from uuid import UUID

from clinical_engine.staff import links
from submitters.models import Organisation, Submitter


def _names_of(model: type[Organisation] | type[Submitter]) -> links.Names:
    def names(ids: Collection[UUID]) -> Mapping[UUID, str]:
        return dict(model.objects.filter(pk__in=ids).values_list("pk", "name"))

    return names


def offer() -> None:
    """Make opaque ids of this app's things lead to their pages."""
    links.register(
        "organisation",
        links.Target(
            "admin:submitters_organisation_change", "submitters.view_organisation", _names_of(Organisation)
        ),
    )
    links.register(
        "submitter",
        links.Target("admin:submitters_submitter_change", "submitters.view_submitter", _names_of(Submitter)),
    )
    links.register(
        "api_client", links.Target("admin:submitters_apiclient_change", "submitters.view_apiclient")
    )
