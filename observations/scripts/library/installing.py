"""Bringing the library into an installation: as drafts that are tested and published, unless people have decided otherwise."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from django.db import transaction

from clinical_engine.profiling.n_plus_one import no_query_per_row
from observations.models import ObservationScript, Publication, ScriptVersion
from observations.scripts.content import ScriptContent, content_of
from observations.scripts.drafting import create_script, draft_version, save_draft
from observations.scripts.library.definition import LibraryScript
from observations.scripts.publishing import publish_released

_NOTE = "As the library has it"


class State(StrEnum):
    """What became of a script of the library."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    WITHHELD = "withheld"
    """A draft was left: what counts was decided here, and the library does not overrule it."""


class Installed(NamedTuple):
    """A script of the library, and the version that has its text."""

    state: State
    version: ScriptVersion


def install_library(*, scripts: Iterable[LibraryScript]) -> list[ScriptVersion]:
    """Install or update scripts, each in a transaction of its own; the versions that were published.

    Raises what `install` raises.
    """
    installed = [install(script) for script in scripts]
    return [version for state, version in installed if state in {State.NEW, State.UPDATED}]


@no_query_per_row()
@transaction.atomic
def install(script: LibraryScript) -> Installed:
    """Draft a script whose text the installation does not have yet, and publish it unless people decide about it.

    Raises RefusedError when the installation's catalogue or scripts lack what it reads, NotAllowedNowError when one of its test
    cases fails.
    """
    owner = _owner(script)
    # Nobody's account stands behind what came with a release.
    ours = owner.versions.filter(edited_by=None).order_by("-number").first()
    if ours is not None and ours.published_at is not None and _has_text_of(ours, script):
        return Installed(State.UNCHANGED, ours)
    # Before there is a draft of ours, which would look like one more version.
    is_new, is_decided_here = not owner.versions.exists(), _is_decided_here(owner)
    version = _draft(owner, ours, script)
    if is_decided_here:
        return Installed(State.WITHHELD, version)
    publish_released(version=version, effective_from=script.default_effective_from)
    return Installed(State.NEW if is_new else State.UPDATED, version)


def _owner(script: LibraryScript) -> ObservationScript:
    found = ObservationScript.objects.select_for_update(no_key=True).filter(name=script.name).first()
    return found or create_script(actor=None, name=script.name, title=script.title)


def _is_decided_here(owner: ObservationScript) -> bool:
    """Whether something else counts for all than the library's last version: another version, an older one, or none."""
    last = Publication.objects.filter(script=owner, organisation=None).order_by("-pk").first()
    if last is None:
        # Whoever began a script of this name means something by it.
        return owner.versions.exclude(edited_by=None).exists()
    ours = owner.versions.filter(edited_by=None).exclude(published_at=None).order_by("-number").first()
    return ours is None or last.version_id != ours.pk


def _draft(owner: ObservationScript, ours: ScriptVersion | None, script: LibraryScript) -> ScriptVersion:
    content = ScriptContent(script.source, script.inputs, script.outputs, script.test_cases, _NOTE)
    if ours is None or ours.published_at is not None or ours.code.code != script.code:
        return draft_version(actor=None, script=owner, code=script.code, content=content)
    save_draft(actor=None, version=ours, content=content, seen=ours.edited_at)
    ours.refresh_from_db()
    return ours


def _has_text_of(version: ScriptVersion, script: LibraryScript) -> bool:
    content = content_of(version)
    return version.code.code == script.code and (
        content.source,
        content.inputs,
        content.outputs,
        content.test_cases,
    ) == (script.source, script.inputs, script.outputs, script.test_cases)
