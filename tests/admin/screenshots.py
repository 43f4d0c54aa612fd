"""Draws the pictures of the documents anew: `python -m clinical_engine.running exec -- python -m tests.admin.screenshots`.

With a folder as argument, pictures of all pages go there, for whoever changes how they look.
"""

import sys
from dataclasses import replace
from datetime import timedelta
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
from observations.models import ScriptVersion  # noqa: E402
from observations.scripts.library.body import BMI  # noqa: E402
from patients.models import Patient  # noqa: E402
from tests import factories  # noqa: E402
from tests.admin import world  # noqa: E402
from tests.admin.browser import SIZE, browsing, log_in, serving  # noqa: E402
from tests.observations.scripts.writing import draft_of  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PATIENT = ROOT / "docs" / "images" / "admin-patient.png"
WORKBENCH = ROOT / "docs" / "images" / "workbench.png"
PICTURES = {path.stem: path for path in (PATIENT, WORKBENCH)}

USERNAME = "sam"


def main(arguments: list[str]) -> None:
    """Make up data, look at it, and write the pictures."""
    everything = Path(arguments[0]) if arguments else None
    wanted = _make_up() if everything is None else _make_up() | _all_pages()
    world.account("Administrator" if everything is None else "superuser", USERNAME)
    with serving() as address, browsing(address) as page:
        log_in(page, USERNAME, world.PASSWORD)
        for name, url in wanted.items():
            _draw(page, url, PICTURES.get(name) or (everything or PATIENT.parent) / f"{name}.png")


def _make_up() -> dict[str, str]:
    """The demo, worked off, and a patient of it who has everything: linked, counted, held and computed."""
    create_demo(now=timezone.now())
    _work_off()
    patient = Patient.objects.get(external_id="north-02")
    _add_what_is_held(patient)
    _work_off()
    sweeper.sweep()
    return {
        PATIENT.stem: reverse("admin:patients_patient_change", args=[patient.pk]),
        WORKBENCH.stem: reverse("admin:observations_scriptversion_edit", args=[_unfinished_draft().pk]),
    }


def _unfinished_draft() -> ScriptVersion:
    """A draft with a test case that it does not meet yet."""
    *_, no_height, _ = BMI.test_cases
    wanted = {
        "name": "ticket 7: nobody is that heavy",
        "inputs": {"weight": 900, "height": 170},
        "not_computable": True,
    }
    return draft_of(replace(BMI, test_cases=[*BMI.test_cases[:2], no_height, wanted]))


def _draw(page: Page, url: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    # As tall as the page: what sticks to the window's lower edge would otherwise cover its middle.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": SIZE["width"], "height": height})
    page.screenshot(path=path)
    page.set_viewport_size(SIZE)
    print(f"written: {path}")  # noqa: T201 - a command


def _add_what_is_held(patient: Patient) -> None:
    before = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=30)
    world.record(patient.organisation, factories.reading(patient.external_id, 143, before))
    world.fail_a_job(patient.associations.get().submitter, patient)


def _work_off() -> int:
    done = 0
    while claimed := sum(worker.work(kind.name, "default") for kind in kinds()):
        done += claimed
    return done


def _all_pages() -> dict[str, str]:
    """The front page, every list, and a page of each kind of thing."""
    begun = world.begin()
    world.grow(begun, 3, _work_off)
    lists = {
        f"list-{model_admin.opts.label_lower}": f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist"
        for model_admin in (site.get_model_admin(model) for model in world.shown_models())
    }
    pages = {
        f"page-{model}": reverse(f"admin:{model.replace('.', '_')}_change", args=[key])
        for model, key in world.pages_of(begun).items()
    }
    run_again = reverse("admin:jobs_job_run_this_again", args=[begun.failed_job])
    return (
        {
            "front": reverse("admin:index"),
            "desk": reverse("admin:jobs_job_desk"),
            "ask": run_again,
            "move": reverse("admin:patients_patient_move", args=[begun.patient.pk]),
        }
        | {n: reverse(u) for n, u in lists.items()}
        | pages
    )


if __name__ == "__main__":
    main(sys.argv[1:])
