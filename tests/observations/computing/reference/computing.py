"""The current results of a patient, worked out from everything that is accepted."""

from tests.observations.computing.reference.facts import PlainOrganisation, Published, in_force
from tests.observations.computing.reference.family import FAMILY
from tests.observations.computing.reference.seeing import Expected, Fails, NotComputable, Result, Seen
from tests.observations.computing.reference.version import Version


def expected_results(
    organisation: PlainOrganisation, number: int, patient: str, publications: list[Published]
) -> dict[Result, Expected]:
    """Every result that is current when everything has been worked off, by script and time."""
    readings = organisation.covered(patient)
    times = sorted({reading.measured_at for reading in readings})
    results: dict[Result, Expected] = {}
    for script, versions in FAMILY.items():
        for time in times:
            version = in_force(publications, script, number, time)
            if version is not None:
                _add(
                    results,
                    script,
                    versions[version - 1],
                    version,
                    Seen(organisation, patient, time, readings, results),
                )
    return results


def _add(results: dict[Result, Expected], script: str, version: Version, number: int, seen: Seen) -> None:
    value, reason, interpretation = None, "", ""
    try:
        value = dict(version.plain(seen))
        interpretation = value.pop("meaning", "")
    except NotComputable as one:
        reason = str(one)
    except Fails:
        return
    if seen.is_due:
        results[script, seen.at] = Expected(
            number,
            value,
            reason,
            interpretation,
            tuple(client_id for _, client_id in sorted(seen.sources)),
            frozenset(seen.facts),
            tuple((name, time) for time, name in sorted(seen.upstream)),
        )
