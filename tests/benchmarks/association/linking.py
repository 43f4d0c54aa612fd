"""`python -m tests.benchmarks.association.linking SUBMITTER` links one patient after the other while something else goes on.

It says 'ready', waits for a line, links until the next line comes, and prints the milliseconds of each link, and of each INSERT of
another association by hand, as JSON.
"""

import json
import os
import select
import sys
from contextlib import closing
from itertools import islice

import django

django.setup()

from patients import services  # noqa: E402 - once the settings are there
from submitters.models import Submitter  # noqa: E402
from tests import factories  # noqa: E402
from tests.benchmarks.association.populations import Patient  # noqa: E402
from tests.benchmarks.association.single import INSERT, by_hand, by_the_engine  # noqa: E402
from tests.benchmarks.ledger.databases import connect  # noqa: E402

_PAUSE_SECONDS = 0.02
_WARM_UP = 20
# More than are linked at this pace while a roster of a million is applied.
_PATIENTS = 6_000


def main(submitter: Submitter) -> None:
    """Do what the module says."""
    ids = services.ensure_patients(
        organisation_id=submitter.organisation_id,
        external_ids=[f"beside-{number:05d}" for number in range(_PATIENTS)],
    )
    patients = iter([Patient(key, external_id) for external_id, key in ids.items()])
    # By hand with another submitter: a roster would unlink again whom no statement links.
    others = factories.submitter(submitter.organisation)
    links: list[float] = []
    inserts: list[float] = []
    with closing(connect(os.environ["DATABASE_URL"])) as raw:
        for patient in islice(patients, _WARM_UP):
            by_the_engine(services.activate, submitter, patient)
            by_the_engine(services.deactivate, submitter, patient)
            by_hand(raw, INSERT, others, patient)
        print("ready", flush=True)
        sys.stdin.readline()
        while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
            patient = next(patients)
            links.append(by_the_engine(services.activate, submitter, patient))
            inserts.append(by_hand(raw, INSERT, others, next(patients)))
    print(json.dumps({"links": links, "inserts": inserts}), flush=True)


if __name__ == "__main__":
    main(Submitter.objects.get(pk=sys.argv[1]))
