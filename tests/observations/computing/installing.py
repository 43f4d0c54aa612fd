"""The reference's scripts in the engine, and publications of them."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from observations.models import ObservationScript, ScriptVersion
from observations.scripts.publishing import pin, publish_released, roll_back, unpin, withdraw
from submitters.models import Organisation
from tests import factories
from tests.observations.computing.reference.facts import Published
from tests.observations.computing.reference.family import FAMILY
from tests.observations.scripts.writing import SINCE_EVER, content, draft, script_named


@dataclass(frozen=True, repr=False)
class Installed:
    """The family's scripts and versions, every first version in force since ever."""

    actor: User
    scripts: dict[str, ObservationScript]
    versions: dict[tuple[str, int], ScriptVersion]
    publications: tuple[Published, ...]


def install_family() -> Installed:
    """Write and publish every script of the family."""
    versions = {}
    publications = []
    for name, written in FAMILY.items():
        for number, version in enumerate(written, 1):
            versions[name, number] = draft(
                name, content(version.source, version.inputs, version.declared_outputs)
            )
        for number in range(len(written), 0, -1):
            publish_released(version=versions[name, number], effective_from=SINCE_EVER)
            publications.append(Published(name, None, SINCE_EVER, number))
    scripts = {name: script_named(name) for name in FAMILY}
    return Installed(factories.user(), scripts, versions, tuple(publications))


def publish(installed: Installed, one: Published, organisations: list[Organisation]) -> None:
    """Publish, roll back, pin, lift a pin or withdraw."""
    script = installed.scripts[one.script]
    since, why, actor = one.effective_from, "For a test", installed.actor
    if one.number is None and one.organisation is None:
        withdraw(actor=actor, script=script, effective_from=since, reason=why)
    elif one.organisation is None:
        version = installed.versions[one.script, one.number or 0]
        roll_back(actor=actor, to=version, effective_from=since, reason=why)
    elif one.number is None:
        here = organisations[one.organisation]
        unpin(actor=actor, script=script, organisation=here, effective_from=since, reason=why)
    else:
        version, here = installed.versions[one.script, one.number], organisations[one.organisation]
        pin(actor=actor, version=version, organisation=here, effective_from=since, reason=why)
