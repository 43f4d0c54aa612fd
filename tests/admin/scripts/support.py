"""Scripts to look at and to put in force, and who does that."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from observations.models import Publication, ScriptFailure, ScriptVersion
from observations.scripts.content import ScriptContent
from observations.scripts.drafting import draft_version
from observations.scripts.history import history_of
from observations.scripts.publishing import propose
from tests import factories
from tests.factories import NOON
from tests.observations.scripts.writing import PULSE, content, publish, reads, script_named

SCRIPT = "admin:observations_observationscript_change"
VERSION = "admin:observations_scriptversion_change"
WHY = {"reason": "ticket 12: the limit was wrong"}
TIME = "2026-03-10T12:00:00"


def pulse(source: str = "result = pulse", *cases: dict[str, Any]) -> ScriptContent:
    """A script of the latest pulse."""
    return content(source, {"pulse": reads(PULSE)}, test_cases=list(cases) or None)


def in_force(*times: datetime) -> ScriptVersion:
    """As many versions as times, each in force from its time on; the last of them."""
    for number, time in enumerate(times):
        version = publish("pulse", pulse(f"result = pulse + {number}"), time)
    return version


def drafted(author: User, written: ScriptContent | None = None) -> ScriptVersion:
    return draft_version(
        actor=author,
        script=script_named("pulse"),
        code="result-of-pulse",
        content=written or pulse("result = pulse * 2"),
    )


def proposed(author: User, written: ScriptContent | None = None, since: datetime = NOON) -> ScriptVersion:
    version = drafted(author, written)
    propose(actor=author, version=version, effective_from=since)
    version.refresh_from_db()
    return version


def failed(version: ScriptVersion, since: datetime) -> None:
    """Let a version have failed for one more patient."""
    patient = factories.patient(factories.organisation())
    ScriptFailure.objects.create(
        version=version,
        patient=patient,
        organisation=patient.organisation,
        message="line 1",
        as_of=since,
    )


def address(name: str, thing: Any) -> str:
    """Of a page of a script or a version."""
    return reverse(f"admin:{thing._meta.label_lower.replace('.', '_')}_{name}", args=[thing.pk])


def seen(version: ScriptVersion) -> int:
    return history_of(version.script).last_id


def steer(client: Client, name: str, version: ScriptVersion, /, **fields: object) -> Any:
    """Send the form of a script's page, as somebody who looked at what is in force now."""
    usual = {**WHY, "effective_from": TIME, "seen": seen(version)}
    return client.post(address(name, version.script), {**usual, **fields})


def made() -> list[tuple[str, int | None]]:
    """What was published, in turn, and which version."""
    return list(Publication.objects.order_by("pk").values_list("kind", "version__number"))
