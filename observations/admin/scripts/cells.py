"""How versions and publications are written."""

from django.contrib.auth.models import AbstractBaseUser
from django.utils.safestring import SafeString

from clinical_engine.staff.cells import Tone, badge, moment_text, page_of
from observations.admin.scripts.fields import zone_of
from observations.models import Publication, ScriptVersion


def version_link(version: ScriptVersion) -> SafeString:
    """Leads to the version's page."""
    return page_of("admin:observations_scriptversion_change", version.pk, f"v{version.number}")


def state_of(version: ScriptVersion) -> SafeString:
    """Draft, proposed, published or suspended."""
    if version.suspended_at is not None:
        return badge("Suspended", Tone.BAD)
    if version.published_at is not None:
        return badge("Published", Tone.GOOD)
    return badge("Draft") if version.proposed_at is None else badge("Proposed", Tone.WAITING)


def name_of(account: object) -> str:
    """Whose account it is, or what stands in its place."""
    return account.get_username() if isinstance(account, AbstractBaseUser) else "a release"


def made_by(publication: Publication) -> str:
    """Who made a publication, and who had proposed it."""
    by = name_of(publication.published_by)
    return f"{by}, proposed by {name_of(publication.proposed_by)}" if publication.proposed_by else by


def organisations(number: int) -> str:
    """So many, in words."""
    return "1 organisation" if number == 1 else f"{number:,} organisations"


def for_whom(publication: Publication) -> str:
    """All organisations, the one whose script it is, or the one that is pinned."""
    organisation = publication.organisation or publication.script.organisation
    return "all organisations" if organisation is None else organisation.name


def what(publication: Publication) -> str:
    """The deed and the version, such as 'Rolled back to v1'."""
    deed = publication.get_kind_display()
    return deed if publication.version is None else f"{deed}: v{publication.version.number}"


def from_when(publication: Publication) -> str:
    """Since when it counts."""
    return moment_text(publication.effective_from, zone_of(publication.script))
