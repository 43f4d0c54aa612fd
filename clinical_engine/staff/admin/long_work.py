"""Work that takes its time: a page whose head tells how far it has come and renews itself."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from clinical_engine.staff.admin.base import StaffModelAdmin
from clinical_engine.staff.search import as_uuid


class LongWorkAdmin(StaffModelAdmin):
    """What the admin of long work inherits: `live_template` draws the part that renews itself, from what `live` gives."""

    live_template: ClassVar[str]
    change_form_outer_before_template = "admin/staff/live.html"

    def live(self, request: HttpRequest, work: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row of the model
        """How far it has come now; `is_moving` tells whether that still changes by itself."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        """Beside Django's: the part of a page that renews itself."""
        view = self.admin_site.admin_view(self.live_view)
        return [path("<path:object_id>/live/", view, name=self._live_name), *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """None at the page's head: `buttons` stand in the part that renews itself, since they change with the state."""
        del request, object_id
        return []

    def buttons(self, request: HttpRequest, work: Any, paths: Collection[str]) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
        """Of the buttons at `paths` those that the user may press, each with its name, title and address."""
        return [
            {
                "name": button.path,
                "title": button.description,
                "url": reverse(f"admin:{button.action_name}", args=[work.pk]),
            }
            for button in super().get_actions_detail(request, str(work.pk))
            if button.path in paths
        ]

    def above_facts(self, request: HttpRequest, thing: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
        """How far it has come."""
        url = reverse(f"admin:{self._live_name}", args=[thing.pk])
        return {"live": {"template": self.live_template, "url": url, **self.live(request, thing)}}

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of a page that changes."""
        work = self.work_of(request, object_id)
        if work is None:
            return HttpResponseNotFound()
        return render(request, self.live_template, self.above_facts(request, work))

    def work_of(self, request: HttpRequest, object_id: str) -> Any:  # noqa: ANN401 - as above
        """The row of an id in an address, None where there is none. Raises PermissionDenied for who may not see such rows."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = as_uuid(object_id)
        return self.get_queryset(request).filter(pk=key).first() if key else None

    @property
    def _live_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_live"
