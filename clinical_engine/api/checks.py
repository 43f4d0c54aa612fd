"""System checks of the API: what a reviewer could overlook fails at start."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from clinical_engine.api.scopes import SCOPES, HasRequiredScope


def every_endpoint_names_its_scope(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    **kwargs: Any,  # noqa: ANN401, ARG001 - Django's signature
) -> list[CheckMessage]:
    """An error for every method of an API view that `required_scopes` gives no known scope: it would answer nobody.

    And one for every view whose own permissions leave out the scope's: it might answer everybody.
    """
    errors: list[CheckMessage] = []
    for view, methods in _endpoints(get_resolver().url_patterns):
        errors += [
            Error(f"{view.__name__}.{method} has no known scope.", obj=view, id="api.E001")
            for method in methods
            if _scope(view, method) not in SCOPES
        ]
        if HasRequiredScope not in view.permission_classes:
            errors.append(Error(f"{view.__name__} does not ask for its scope.", obj=view, id="api.E002"))
    return errors


def _scope(view: type[APIView], method: str) -> str | None:
    scope: str | None = getattr(view, "required_scopes", {}).get(method.upper())
    return scope


def _endpoints(
    patterns: Sequence[URLPattern | URLResolver],
) -> Iterator[tuple[type[APIView], Iterable[str]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _endpoints(pattern.url_patterns)
            continue
        # Both plain views and view sets carry this mark of the framework; the latter name their methods at the address only.
        view = getattr(pattern.callback, "cls", None)
        if (
            view is not None
            and issubclass(view, APIView)
            and not view.__module__.startswith("drf_spectacular")
        ):
            yield view, _methods_of(view, getattr(pattern.callback, "actions", {}))


def _methods_of(view: type[APIView], actions: Mapping[str, str]) -> list[str]:
    names = [method for method in view.http_method_names if method in actions or hasattr(view, method)]
    return [method for method in names if method not in {"head", "options"}]
