"""Draws the pictures of the documents anew: `python -m clinical_engine.running exec -- python -m tests.admin.screenshots`.

With a folder as argument, pictures of all pages go there, for whoever changes how they look.
"""

import sys
from pathlib import Path

import django

django.setup()

from django.contrib.admin import site  # noqa: E402 - needs the applications
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from playwright.sync_api import Page  # noqa: E402

from clinical_engine.jobs import sweeper, worker  # noqa: E402
from clinical_engine.jobs.registry import kinds  # noqa: E402
from observations.demo import create_demo  # noqa: E402
from observations.models import Measurement, Observation, ScriptVersion  # noqa: E402
from patients.models import Patient, Statement  # noqa: E402
from submitters.models import ApiClient, Organisation, Submitter  # noqa: E402
from tests.admin import world  # noqa: E402
from tests.admin.browser import browsing, log_in, serving  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PATIENT = ROOT / "docs" / "images" / "admin-patient.png"


def main(arguments: list[str]) -> None:
    """Make up data, look at it, and write the pictures."""
    everything = Path(arguments[0]) if arguments else None
    wanted = _make_up() if everything is None else _make_up() | _all_pages()
    world.account("superuser", "photographer")
    with serving() as address, browsing(address) as page:
        log_in(page, "photographer", world.PASSWORD)
        for name, url in wanted.items():
            path = PATIENT if name == PATIENT.stem or everything is None else everything / f"{name}.png"
            _draw(page, url, path)


def _make_up() -> dict[str, str]:
    """The demo, worked off, and a patient of it who has everything: linked, counted, held and computed."""
    create_demo(now=timezone.now())
    _work_off()
    patient = Patient.objects.get(external_id="north-02")
    _add_what_is_held(patient)
    _work_off()
    sweeper.sweep()
    return {PATIENT.stem: reverse("admin:patients_patient_change", args=[patient.pk])}


def _draw(page: Page, url: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, full_page=True)
    print(f"written: {path}")  # noqa: T201 - a command
