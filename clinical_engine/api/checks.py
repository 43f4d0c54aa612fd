"""System checks of the API: what a reviewer could overlook fails at start."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from clinical_engine.api.scopes import SCOPES


def every_endpoint_names_its_scope(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - Django's signature
    **kwargs: Any,  # noqa: ANN401, ARG001 - Django's signature
) -> list[CheckMessage]:
    """An error for every method of an API view that `required_scopes` gives no known scope: it would answer nobody."""
    return [
        Error(f"{view.__name__}.{method} has no known scope.", obj=view, id="api.E001")
        for view in _api_views(get_resolver().url_patterns)
        if not view.__module__.startswith("drf_spectacular")
        for method in view.http_method_names
        if hasattr(view, method) and method != "options" and _scope(view, method) not in SCOPES
    ]


def _scope(view: type[APIView], method: str) -> str | None:
    scope: str | None = getattr(view, "required_scopes", {}).get(method.upper())
    return scope


def _api_views(patterns: Sequence[URLPattern | URLResolver]) -> Iterator[type[APIView]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _api_views(pattern.url_patterns)
        else:
            view = getattr(pattern.callback, "view_class", None)
            if view is not None and issubclass(view, APIView):
                yield view
