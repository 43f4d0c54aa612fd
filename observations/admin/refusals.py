"""What was refused: by hour, and in sums that say what to do."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from clinical_engine.staff import dashboard, extensions, panels
from clinical_engine.staff.admin import StaffModelAdmin
from clinical_engine.staff.cells import NOTHING, identifier, link, list_url, moment, page_of
from clinical_engine.staff.filters import Choice, ChoiceFilter, RelatedFilter, Rows
from clinical_engine.staff.navigation import Menu
from observations import refused
from observations.models import RefusalCount
from observations.reasons import REASONS
from submitters.models import ApiClient

_LIST = "admin:observations_refusalcount_changelist"
_MAY_SEE = "observations.view_refusalcount"
_SHOWN = 100
# Imports by staff have no client.
_NO_CLIENT = "Import by staff"


class HourFilter(ChoiceFilter):
    """By how long ago it was."""

    title = "refused"
    parameter_name = "refused"
    choices_by_value = {
        "day": Choice("Last 24 hours", lambda rows: _since(rows, timedelta(hours=25))),
        "week": Choice("Last 7 days", lambda rows: _since(rows, timedelta(days=7, hours=1))),
    }


class RisingFilter(ChoiceFilter):
    """API clients by whether more of theirs is refused than usual."""

    title = "refusals"
    parameter_name = "refusals"
    choices_by_value = {
        "rising": Choice("Far more than usual", lambda rows: rows.filter(pk__in=refused.rising()))
    }


class ReasonFilter(ChoiceFilter):
    """By why."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """Every reason that there is, and the one that is asked for where something was refused for it."""
        del request, model_admin
        asked = self.value()
        if asked and asked not in REASONS and RefusalCount.objects.filter(reason=asked).exists():
            return [(reason, reason) for reason in (*REASONS, asked)]
        return [(reason, reason) for reason in REASONS]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The refusals for the reason."""
        return rows.filter(reason=value)


@admin.register(RefusalCount)
class RefusalCountAdmin(StaffModelAdmin):
    """Counts of refusals by the hour: what was refused is not kept, its number and reason are."""

    menu = Menu(35, "Measurements and results", "block")
    nothing_yet = "Nothing was refused in the last 90 days."
    related = ("organisation", "api_client")
    list_display = ("shown_hour", "number", "reason", "field", "shown_code", "client", "organisation", "last")
    list_filter = (HourFilter, ReasonFilter, ("api_client", RelatedFilter), ("organisation", RelatedFilter))
    ordering = ("-hour", "-pk")
    sortable_by = ()
    list_before_template = "admin/observations/refusals_head.html"
    search_fields = ("=code",)
    search_help_text = "Code (whole)"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_hour", "number", "last"),
                    ("client", "organisation"),
                    ("reason", "field", "shown_code"),
                    ("meaning", "remedy"),
                )
            },
        ),
    )

    def above_list(self, request: HttpRequest) -> Mapping[str, object]:
        """The sums of all clients."""
        del request
        return {"sums": _of_all_clients()}

    @admin.display(description="hour")
    def shown_hour(self, count: RefusalCount) -> SafeString:
        """When it began."""
        return moment(count.hour)

    @admin.display(description="last")
    def last(self, count: RefusalCount) -> SafeString:
        """When the last of them was refused."""
        return moment(count.last_at)

    @admin.display(description="code")
    def shown_code(self, count: RefusalCount) -> SafeString:
        """As it was sent, where it is shaped as a code."""
        return identifier(count.code or NOTHING)

    @admin.display(description="sent by")
    def client(self, count: RefusalCount) -> str:
        """The API client, or that staff imported it."""
        return _NO_CLIENT if count.api_client is None else count.api_client.name

    @admin.display(description="what it means")
    def meaning(self, count: RefusalCount) -> SafeString:
        """In a sentence."""
        return _sentence(REASONS[count.reason].meaning if count.reason in REASONS else NOTHING)

    @admin.display(description="what to do")
    def remedy(self, count: RefusalCount) -> SafeString:
        """By whoever sends, or whoever edits the catalogue."""
        return _remedy(count.reason)


def _since(rows: Rows, span: timedelta) -> Rows:
    return rows.filter(hour__gt=timezone.now() - span)


def _remedy(reason: str) -> SafeString:
    return _sentence(REASONS[reason].remedy if reason in REASONS else NOTHING)


def _sentence(text: str) -> SafeString:
    """What stands between backticks as a name of the API: docs/catalogue.md has the same sentences, in Markdown."""
    parts = (
        format_html('<code class="ce-id">{}</code>' if number % 2 else "{}", part)
        for number, part in enumerate(text.split("`"))
    )
    return format_html_join("", "{}", ((part,) for part in parts))


def _of_all_clients() -> Mapping[str, object]:
    rows = refused.sums("api_client", "api_client__name", "reason")[:_SHOWN]
    return panels.table(
        ["Sent by", "Reason", "Last 24 hours", "Last 7 days", "Last", "What to do"],
        _rows_of_clients(rows),
        empty="Nothing was refused in the last 7 days.",
    )


def _rows_of_clients(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        client = row["api_client"]
        filters = {} if client is None else {"api_client__id__exact": client}
        yield (
            _NO_CLIENT
            if client is None
            else page_of("admin:submitters_apiclient_change", client, row["api_client__name"]),
            link(list_url(_LIST, reason=row["reason"], **filters), row["reason"]),
            *_numbers(row),
            _remedy(row["reason"]),
        )


def _of_client(client: ApiClient) -> Mapping[str, object]:
    rows = refused.sums("reason", "field", "code", api_client_id=client.pk)[:_SHOWN]
    return panels.table(
        ["Reason", "Field", "Code", "Last 24 hours", "Last 7 days", "Last", "What to do"],
        (
            (
                row["reason"],
                row["field"] or NOTHING,
                identifier(row["code"] or NOTHING),
                *_numbers(row),
                _remedy(row["reason"]),
            )
            for row in rows
        ),
        empty="None of its readings was refused in the last 7 days.",
        more=(list_url(_LIST, api_client__id__exact=client.pk), "By the hour"),
    )


def _numbers(row: Mapping[str, Any]) -> tuple[object, ...]:
    return f"{row['day']:,}", f"{row['week']:,}", moment(row["last"])


def offer() -> None:
    """Register what other pages show of refusals."""
    extensions.add_filters("submitters.apiclient", RisingFilter)
    panels.register(
        "submitters.apiclient", panels.Panel("Refused readings", _MAY_SEE, _of_client, panels.CARDS)
    )
    dashboard.register(
        dashboard.Tile(
            "measurements_refused_rising",
            "API clients with a rise of refusals",
            "No client's readings are refused more than usual.",
            25,
            "admin:submitters_apiclient_changelist",
            {"refusals": "rising"},
            "submitters.view_apiclient",
        )
    )
