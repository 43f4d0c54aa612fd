"""Every page of the admin: those that Django makes for each model, found by themselves, and our own."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin, RelatedFieldListFilter, site
from django.db.models import Model
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, resolve, reverse

from clinical_engine.jobs.admin.filters import EndedFilter, OfferedFilter
from tests.scaling import rows
from tests.scaling.actions import Act, Action, expect
from tests.scaling.own_pages import look_at, own_pages
from tests.scaling.script_pages import script_pages
from tests.scaling.workbench_pages import workbench_pages
from tests.scaling.world import World

# So that a page is full in the smallest world already.
ROWS_ON_A_PAGE = 4
_OF_EACH_MODEL = ("changelist", "change", "add", "delete", "history")
# Nothing of the database is on them, or another page stands for them.
LEFT_OUT = {
    "login": "a form",
    "logout": "ends the session",
    "password_change": "a form",
    "password_change_done": "a sentence",
    "jsi18n": "texts",
    "autocomplete": "no form of ours completes anything",
    "view_on_site": "nothing of ours has a page elsewhere",
    "auth_user_password_change": "a form about one account",
}


def names() -> Iterator[str]:
    """The name of every page of the admin."""
    yield from (pattern.name for pattern in _patterns(site.get_urls()) if pattern.name)


def _patterns(patterns: Any) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern


def names_of_models() -> set[str]:
    """The names of the pages that Django makes."""
    return {f"{_prefix(model)}_{page}" for model in site._registry for page in _OF_EACH_MODEL}


def _prefix(model: type[Model]) -> str:
    return model._meta.label_lower.replace(".", "_")


def pages(world: World) -> dict[str, Action]:
    """Every page, by its name and what its address asks for."""
    found: dict[str, Action] = {}
    for model, admin in site._registry.items():
        found |= _of_model(world, model, admin)
    ours = {**own_pages(world), **script_pages(world), **workbench_pages(world)}
    return found | {f"admin {name}": action for name, action in ours.items()}


def _of_model(world: World, model: type[Model], admin: "ModelAdmin[Any]") -> dict[str, Action]:
    prefix, thing = _prefix(model), _shown(world, model)
    found = {f"admin {prefix}_add": look_at(reverse(f"admin:{prefix}_add"), None, 200, 403)}
    for page, statuses in {"change": (200,), "history": (200, 302), "delete": (403,)}.items():
        found[f"admin {prefix}_{page}"] = look_at(
            reverse(f"admin:{prefix}_{page}", args=[thing.pk]), None, *statuses
        )
    address = reverse(f"admin:{prefix}_changelist")
    found[f"admin {prefix}_changelist"] = look_at(address)
    for query in [*_searches(world, model, admin), *_choices(world, address)]:
        found[f"admin {prefix}_changelist ?{urlencode(query)}"] = Action(partial(_narrowed, address, query))
    return found


def _narrowed(address: str, query: Mapping[str, str], world: World, _: int) -> Act:
    """Fetching a list's rows. They are not drawn: that is done where all are shown, and takes most of the time."""
    view = resolve(address).func
    request: Any = RequestFactory().get(address, query)
    request.user, request.session = world.actor, {}
    return lambda: expect(view(request), 200)


# The row that is asked about, where it is not the first.
_SHOWN = {
    "jobs.job": (rows.JOB, 12),
    "patients.patient": (rows.PATIENT, 1),
    "patients.statement": (rows.STATEMENT, 11),
    "patients.patientfact": (rows.FACT, 11),
    "observations.measurement": (rows.MEASUREMENT, 11),
    "observations.observation": (rows.OBSERVATION, 11),
}


def _shown(world: World, model: type[Model]) -> Model:
    known = {
        type(thing): thing
        for thing in (
            world.rerun,
            world.roster,
            world.file,
            world.caller.organisation,
            world.caller.submitter,
        )
    }
    if model in known:
        return known[model]
    if model._meta.label_lower in _SHOWN:
        return model._base_manager.get(pk=world.key(*_SHOWN[model._meta.label_lower]))
    return model._base_manager.order_by("pk")[0]


def _searches(world: World, model: type[Model], admin: "ModelAdmin[Any]") -> Iterator[dict[str, str]]:
    if admin.search_fields:
        yield from ({"q": term} for term in ("p-000001", "p-", str(_shown(world, model).pk)))


def _choices(world: World, address: str) -> Iterator[dict[str, str]]:
    """Each choice of each filter; of things that have names only our own organisation and submitter."""
    ours = {str(world.caller.organisation.pk), str(world.caller.submitter.pk)}
    changelist = world.admin.get(address).context["cl"]
    for spec in changelist.filter_specs:
        for name, values in _values_of(spec).items():
            for value in [value for value in values if value in ours] or values[: _most_of(spec)]:
                yield {name: value}


def _most_of(spec: Any) -> int:
    # Choices of the code differ in what they ask, those of the data only in a value.
    return 2 if isinstance(spec, (OfferedFilter, RelatedFieldListFilter)) else 20


def _values_of(spec: Any) -> dict[str, list[str]]:
    """What can stand in the address for a filter, by the name it has there."""
    if isinstance(spec, EndedFilter):
        return {"failed_within": ["hour", "week"], "failed_before": ["2030-01-01"]}
    name = getattr(spec, "parameter_name", None) or spec.lookup_kwarg
    if hasattr(spec, "lookup_choices"):
        return {name: [str(value) for value, _ in spec.lookup_choices]}
    if spec.field.flatchoices:
        return {name: [str(value) for value, _ in spec.field.flatchoices]}
    return {name: ["0", "1"]}
