"""The menu at the side: the lists that the user may see, grouped as their ModelAdmins say."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin import site
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True, order=True)
class Menu:
    """Where a list stands in the menu: by position, under a group's title; `icon` is a Material symbol's name."""

    position: int
    group: str
    icon: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is no list: its URL name, and the permission of those to whom the menu shows it."""

    menu: Menu
    title: str
    view: str
    permission: str


_pages: list[Page] = []


def add_page(page: Page) -> None:
    """Put a page into the menu."""
    _pages.append(page)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Django-unfold's navigation callback."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    groups[""].append(_entry("Overview", "monitoring", reverse("admin:index")))
    for menu, title, url in sorted([*_lists(request), *_shown_pages(request)]):
        groups[menu.group].append(_entry(title, menu.icon, url))
    _mark_active(request.path, [entry for entries in groups.values() for entry in entries])
    return [{"title": title, "separator": bool(title), "items": items} for title, items in groups.items()]


def _mark_active(path: str, entries: list[dict[str, Any]]) -> None:
    # Django-unfold would mark every entry whose address is part of the path: the desk's lies below that of the list of jobs.
    above = [entry["link"] for entry in entries if path.startswith(entry["link"])]
    nearest = max(above, key=len, default="")
    for entry in entries:
        entry["active"] = entry["link"] == nearest and (nearest != reverse("admin:index") or path == nearest)


def _shown_pages(request: HttpRequest) -> Iterator[tuple[Menu, str, str]]:
    for page in _pages:
        if request.user.has_perm(page.permission):
            yield page.menu, page.title, reverse(page.view)


def _lists(request: HttpRequest) -> Iterator[tuple[Menu, str, str]]:
    for model in apps.get_models():
        if not site.is_registered(model):
            continue
        model_admin = site.get_model_admin(model)
        menu: Menu | None = getattr(model_admin, "menu", None)
        if menu is not None and model_admin.has_view_or_change_permission(request):
            name = getattr(model_admin, "menu_title", "") or str(model_admin.opts.verbose_name_plural)
            url = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
            yield menu, name[:1].upper() + name[1:], url


def _entry(title: str, icon: str, url: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": url}
