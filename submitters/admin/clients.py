"""API clients: made with a key that is shown once, and revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clinical_engine.api.scopes import SCOPES
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import Tone, badge, identifier, moment_text
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter
from clinical_engine.staff.navigation import Menu
from clinical_engine.staff.reasons import Question, ask, reason_in
from submitters.models import ApiClient, Organisation
from submitters.services import create_api_client, revoke_api_client


class ApiClientForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What a new client may do, and for whom."""

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope}: {meaning}") for scope, meaning in SCOPES.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    organisations = forms.ModelMultipleChoiceField(
        Organisation.objects.all(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="For which it may act; it sees no other's data",
    )

    class Meta:
        model = ApiClient
        fields = ("name", "scopes", "organisations")


class RevokedFilter(ChoiceFilter):
    """By whether the key still opens anything."""

    title = "state"
    parameter_name = "state"
    choices_by_value = {
        "active": Choice("Active", lambda rows: rows.filter(revoked_at=None)),
        "revoked": Choice("Revoked", lambda rows: rows.exclude(revoked_at=None)),
    }


@admin.register(ApiClient)
class ApiClientAdmin(StaffModelAdmin):
    """A machine that calls the API. Its key is made here and kept nowhere; its hash is not shown."""

    menu = Menu(82, "Set-up", "key")
    allow_add = True
    list_display = ("name", "shown_scopes", "shown_organisations", "prefix", "state")
    list_filter = (RevokedFilter, ("organisations", RelatedFilter))
    search_fields = ("name", "key_prefix")
    search_help_text = "Name, or how the key begins"
    fieldsets = (
        (None, {"fields": ("name", "state", "prefix", "shown_scopes", "shown_organisations", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("name", "scopes", "organisations")}),)
    actions_detail = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change API clients."""
        del obj
        return request.user.has_perm("submitters.change_apiclient")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        """With the organisations."""
        return super().get_queryset(request).prefetch_related("organisations")

    def get_form(self, request: HttpRequest, obj: ApiClient | None = None, **kwargs: object) -> type[Form]:
        """Only a new client has a form."""
        if obj is None:
            kwargs["form"] = ApiClientForm
        form: type[Form] = super().get_form(request, obj, **kwargs)
        return form

    def save_form(self, request: HttpRequest, form: Form, change: object) -> ApiClient:
        """Make the client and its key through the service; the key waits on the instance for `response_add`."""
        del change
        client, key = create_api_client(
            actor=actor_of(request),
            **{name: form.cleaned_data[name] for name in ("name", "scopes", "organisations")},
        )
        client.new_key = key  # type: ignore[attr-defined]
        return client

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Form, change: object) -> None:
        """The service has written it."""

    def save_related(self, request: HttpRequest, form: Form, formsets: object, change: object) -> None:
        """The service has written it."""

    def log_addition(self, request: HttpRequest, obj: ApiClient, message: object) -> None:
        """The service has recorded it."""

    def response_add(
        self,
        request: HttpRequest,
        obj: Any,  # noqa: ANN401 - carries the key
        post_url_continue: str | None = None,
    ) -> HttpResponse:
        """The page with the key: in the answer itself, so that neither session nor message store ever holds it."""
        del post_url_continue
        context = {
            **self.admin_site.each_context(request),
            "title": f"API client {obj.name}",
            "opts": self.opts,
            "key": obj.new_key,
            "page": reverse("admin:submitters_apiclient_change", args=[obj.pk]),
        }
        return TemplateResponse(request, "admin/submitters/apiclient/key.html", context)

    @detail_button(title="Revoke", path="revoke", permission="revoke")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then refuse the key from now on."""
        page = reverse("admin:submitters_apiclient_change", args=[object_id])
        client = self.get_object(request, object_id)
        if client is None:
            return self.not_there(request, object_id)
        reason, form = reason_in(request)
        if not reason:
            return ask(request, _question(client, page), form, self.opts)
        if revoke_api_client(actor=actor_of(request), client=client, reason=reason):
            self.message_user(request, "The key is refused from now on.", messages.SUCCESS)
        else:
            self.message_user(request, "It was revoked before; nothing was changed.", messages.WARNING)
        return HttpResponseRedirect(page)

    @admin.display(description="scopes")
    def shown_scopes(self, client: ApiClient) -> str:
        """What it may do."""
        return ", ".join(client.scopes)

    @admin.display(description="organisations")
    def shown_organisations(self, client: ApiClient) -> str:
        """For whom it may act."""
        return ", ".join(organisation.name for organisation in client.organisations.all())

    @admin.display(description="key begins with", ordering="key_prefix")
    def prefix(self, client: ApiClient) -> SafeString:
        """By which the key is found; not secret."""
        return identifier(client.key_prefix)

    @admin.display(description="state")
    def state(self, client: ApiClient) -> SafeString:
        """Active, or revoked since when."""
        if client.revoked_at is None:
            return badge("Active", Tone.GOOD)
        return badge(f"Revoked {moment_text(client.revoked_at)}", Tone.BAD)


def _question(client: ApiClient, page: str) -> Question:
    return Question(
        title=f"Revoke the key of {client.name}",
        explanation="Every request with this key is refused from now on. This cannot be undone; a new client gets a new key.",
        button="Revoke",
        back=page,
    )
