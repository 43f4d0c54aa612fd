"""An organisation, a submitter and an API client of the simulator's own, on a development engine whose database it reaches."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError, close_old_connections

from clinical_engine.api.scopes import SCOPES
from clinical_engine.common.logs import describe_error
from observations.models import ScriptVersion
from observations.simulator.comparing import SCRIPT
from observations.simulator.options import CannotSimulateError, Target
from observations.simulator.running import require_engine
from submitters.models import ApiClient
from submitters.services import create_api_client, create_organisation, create_submitter, revoke_api_client


@contextmanager
def own_client(url: str, run: str) -> Iterator[Target]:
    """Make them for a run, and revoke the key in the end; the organisation stays, with what was simulated.

    Raises CannotSimulateError in production, where simulated data does not belong, without a database, where the script whose
    results are compared has no published version, and where no engine answers: before anything is made, which stays for good.
    """
    if not settings.DEVELOPMENT:
        raise CannotSimulateError(
            "This is no development engine: name a key, an organisation and a submitter for the simulation."
        )
    try:
        _check_script()
        require_engine(url)
        target, client = _make(url, run)
    except OperationalError as error:
        raise CannotSimulateError(
            f"The engine's database does not answer ({describe_error(error)}): start the engine, or name a key."
        ) from None
    try:
        yield target
    finally:
        _revoke(client)


def _make(url: str, run: str) -> tuple[Target, ApiClient]:
    organisation = create_organisation(
        actor=None, name=f"Simulated organisation {run}", time_zone="Europe/Amsterdam"
    )
    submitter = create_submitter(actor=None, organisation=organisation, name=f"Simulated programme {run}")
    client, key = create_api_client(
        actor=None, name=f"Simulated vitals app {run}", scopes=list(SCOPES), organisations=[organisation]
    )
    return Target(url, key, str(organisation.id), str(submitter.id)), client


def _revoke(client: ApiClient) -> None:
    # The database may have been started anew during the run.
    close_old_connections()
    try:
        revoke_api_client(actor=None, client=client, reason="The simulation has ended")
    except OperationalError as error:
        raise CannotSimulateError(
            f"The key of '{client.name}' is still good, since the database does not answer ({describe_error(error)}):"
            " revoke it in the admin."
        ) from None


def _check_script() -> None:
    if not ScriptVersion.objects.filter(script__name=SCRIPT, published_at__isnull=False).exists():
        raise CannotSimulateError(
            f"The script {SCRIPT} is not installed, so nothing would be computed: run `manage.py load_scripts` first."
        )
