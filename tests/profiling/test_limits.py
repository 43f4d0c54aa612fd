"""What a statement may cost, by who sends it."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from clinical_engine.jobs.registry import kinds
from clinical_engine.profiling.limits import _BUDGETS, limits_for


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        found |= routes(pattern.url_patterns, route) if isinstance(pattern, URLResolver) else {route}
    return found


@pytest.mark.parametrize(
    ("origin", "seconds", "name"),
    [
        ("POST /api/v1/activations", 0.5, "the budget of POST /api/v1/activations (0.5 s)"),
        ("GET /fhir/Observation", 0.5, "the budget of GET /fhir/Observation (0.5 s)"),
        ("GET /admin/patients/patient/", 1.0, "the budget of GET /admin/patients/patient/ (1 s)"),
        (
            "POST /admin/observations/measurement/export/",
            300.0,
            "the budget of POST /admin/observations/measurement/export/ (300 s)",
        ),
        ("GET /metrics", 20.0, "the time limit of a web process's statement (20 s)"),
        ("job associate", 30.0, "the time limit of a worker process's statement (30 s)"),
        ("task jobs.sweep", 30.0, "the time limit of a worker process's statement (30 s)"),
        ("command backfill", 30.0, "the time limit of a worker process's statement (30 s)"),
        ("outside of requests and jobs", 30.0, "the time limit of a worker process's statement (30 s)"),
        (
            "PUT /api/v1/submitters/<uuid:submitter_id>/roster",
            900.0,
            "the budget of PUT /api/v1/submitters/<uuid:submitter_id>/roster (900 s)",
        ),
    ],
)
def test_each_origin_has_its_limit(origin: str, seconds: float, name: str) -> None:
    limits = limits_for([origin])
    assert (limits.duration_us, limits.duration_name) == (seconds * 1e6, name)
    assert (limits.parameters, limits.values) == (65_535, 65_535)


def test_of_several_origins_the_strictest_counts() -> None:
    origins = ["job recompute", "GET /admin/patients/patient/", "GET /api/v1/observations", "GET /metrics"]
    assert limits_for(iter(origins)).duration_name == "the budget of GET /api/v1/observations (0.5 s)"
    assert limits_for(origins[:2]).duration_us == 1e6
    assert limits_for([]).duration_us == 30e6


def test_limits_of_processes_are_those_that_the_settings_give(settings: Settings) -> None:
    settings.STATEMENT_TIMEOUTS_MS = {"web": 7_000, "worker": 2_500}
    assert limits_for(["GET /metrics"]).duration_us == 7e6
    assert (
        limits_for(["job associate"]).duration_name
        == "the time limit of a worker process's statement (2.5 s)"
    )


def test_every_budget_of_its_own_is_of_something_that_there_is() -> None:
    known = {f"job {kind.name}" for kind in kinds()}
    places = {f"/{route}" for route in routes(get_resolver().url_patterns)}
    for origin in _BUDGETS:
        assert origin in known or origin.partition(" ")[2] in places, origin
