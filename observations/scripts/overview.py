"""Every script at a glance."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.utils import timezone

from observations.models import ObservationScript, ScriptFailure
from observations.scripts.history import history_of
from observations.scripts.outdated import outdated

MOST_PATIENTS = 10_000


class Overview(NamedTuple):
    """A script: the version numbers in force for all and by organisation, and those of versions that need somebody.

    Times are ISO 8601. `failing_patients` stops counting at 10,000. No backfill has brought results as of
    `outdated_since` and later in line: some may be missing, and `outdated_results` or more of those that stand are not what is in
    force; of each line on the script's page 1,001 are counted at most.
    """

    name: str
    title: str
    organisation: str | None
    in_force: int | None
    in_force_from: str | None
    pinned: Mapping[str, int]
    drafts: Sequence[int]
    proposed: Sequence[int]
    suspended: Sequence[int]
    failing_patients: int
    outdated_since: str | None
    outdated_results: int


def overviews(names: Collection[str] = ()) -> list[Overview]:
    """The scripts of these names, or all, by name; ten queries at most for each."""
    scripts = ObservationScript.objects.select_related("organisation").order_by("name")
    return [_of(script) for script in (scripts.filter(name__in=names) if names else scripts)]


def _of(script: ObservationScript) -> Overview:
    history, time = history_of(script), timezone.now()
    now = history.at(time)
    version = None if now is None else now.version
    versions = list(script.versions.order_by("number").defer("source", "inputs", "outputs", "test_cases"))
    drafts = [one for one in versions if one.published_at is None]
    left = outdated(script)
    failing = ScriptFailure.objects.filter(version__script=script).values("patient").distinct()
    return Overview(
        name=script.name,
        title=script.title,
        organisation=None if script.organisation is None else script.organisation.name,
        in_force=None if version is None else version.number,
        in_force_from=None if now is None or version is None else now.effective_from.isoformat(),
        pinned={
            one.organisation.name: one.version.number
            for one in history.pins(time)
            if one.organisation and one.version
        },
        drafts=[one.number for one in drafts if one.proposed_at is None],
        proposed=[one.number for one in drafts if one.proposed_at is not None],
        suspended=[one.number for one in versions if one.suspended_at is not None],
        failing_patients=failing[:MOST_PATIENTS].count(),
        outdated_since=min((one.since.isoformat() for one in left), default=None),
        outdated_results=sum(one.found.results for one in left),
    )
