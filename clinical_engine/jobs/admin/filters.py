"""Filters of the list of jobs, each of them served by one of the ledger's partial indexes. Together they are a Selection."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.admin import ListFilter, ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.http import HttpRequest
from unfold.contrib.filters.forms import DropdownForm
from unfold.widgets import UnfoldAdminTextInputWidget

from clinical_engine.jobs.admin.choices import offered_in
from clinical_engine.jobs.registry import kinds
from clinical_engine.jobs.selection import (
    DEFAULT_STATE,
    LOOKUPS,
    SPANS,
    STATES,
    WITHIN,
    Selection,
    SelectionError,
    of_cause,
)
from clinical_engine.staff import links
from clinical_engine.staff.filters import Choice, ChoiceFilter, Rows

_FINGERPRINT = re.compile(r"[0-9a-f]{16}|worker-lost")
_TIMES = ("failed_after", "failed_before")


def is_searched(request: HttpRequest) -> bool:
    """Whether a search term stands in the address."""
    return bool(request.GET.get(SEARCH_VAR, "").strip())


def state_in(request: HttpRequest) -> str:
    """The state that the list shows: what the address says; otherwise any to who searches, and what failed to all others."""
    default = "all" if is_searched(request) else DEFAULT_STATE
    return request.GET.get("state", "").strip() or default


class StateFilter(ChoiceFilter):
    """By state. Failed work unless asked otherwise; a search looks through all states."""

    title = "state"
    parameter_name = "state"
    all_option = None
    choices_by_value = {value: Choice(state.title, state.narrow) for value, state in STATES.items()}

    def __init__(self, request: HttpRequest, *args: Any) -> None:  # noqa: ANN401 - Django's signature
        self.shown = state_in(request)
        super().__init__(request, *args)

    def value(self) -> str:
        """The state that is asked for, or the one that is shown when none is."""
        return self.shown


class QueueFilter(ChoiceFilter):
    """By queue."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The queues of the settings."""
        del request, model_admin
        return [(queue, queue) for queue in settings.JOB_QUEUES]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The jobs of the queue."""
        return rows.filter(queue=value)


class OfferedFilter(ChoiceFilter):
    """By a value that jobs have: those that are offered, and any other that may be one and stands in the address.

    A search finds a few jobs: beside one nothing is looked up to offer.
    """

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        """What is offered, and what is asked for."""
        del model_admin
        offered = dict(self.offered(request))
        asked = self.value()
        if asked and asked not in offered and self.may_be(asked):
            offered[asked] = asked
        return list(offered.items())

    def offered(self, request: HttpRequest) -> Mapping[str, str]:
        """The values that jobs have, with their titles."""
        return {} if is_searched(request) else offered_in(request).get(self.parameter_name, {})

    def may_be(self, value: str) -> bool:
        """Whether the text can be a value at all."""
        try:
            Selection.parse({self.parameter_name: value})
        except SelectionError:
            return False
        return True

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The jobs that have the value."""
        return rows.filter(**{LOOKUPS[self.parameter_name]: value})


class KindFilter(OfferedFilter):
    """By the kinds that this release knows, and by those that a former release left work of."""

    title = "kind"
    parameter_name = "kind"

    def offered(self, request: HttpRequest) -> Mapping[str, str]:
        """The registered kinds, and those of work that is not done."""
        names = {kind.name: kind.name for kind in kinds()}
        return {**names, **super().offered(request)}

    def may_be(self, value: str) -> bool:
        """All that there are were offered, but beside a search."""
        return is_searched(self.request) and super().may_be(value)


class CauseFilter(OfferedFilter):
    """By fingerprint: failures of one cause."""

    title = "cause"
    parameter_name = "fingerprint"

    def may_be(self, value: str) -> bool:
        """Whether a failure can have the fingerprint."""
        return bool(_FINGERPRINT.fullmatch(value))

    def narrow(self, rows: Rows, value: str) -> Rows:
        """The jobs whose last failure has the fingerprint."""
        return of_cause(rows, value, state_in(self.request))


class ReleaseFilter(OfferedFilter):
    """By the release that tried a job last."""

    title = "release"
    parameter_name = "release"


class FormatFilter(OfferedFilter):
    """By the format of the payload, as it was stored."""

    title = "payload format"
    parameter_name = "payload_version"


class SubmitterFilter(OfferedFilter):
    """By submitter: by name to who may see submitters."""

    title = "submitter"
    parameter_name = "submitter"

    def offered(self, request: HttpRequest) -> Mapping[str, str]:
        """The submitters of failed jobs."""
        ids = [UUID(text) for text in super().offered(request)]
        names = links.names_of(request.user, "submitter", ids)
        titles = {str(key): names.get(key, str(key)) for key in ids}
        return dict(sorted(titles.items(), key=lambda item: item[1]))


class LastActorFilter(OfferedFilter):
    """By the account that last ran, edited, cancelled or discarded a job."""

    title = "last touched by"
    parameter_name = "last_actor"


class _LocalTimeInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # the package has no types
    input_type = "datetime-local"


class EndedForm(DropdownForm):  # type: ignore[misc]  # as above
    """How long ago, or from when until when."""

    def __init__(self, data: Mapping[str, str]) -> None:
        spans = [("", "At any time"), *((name, title) for name, (title, _) in SPANS.items())]
        super().__init__(name=WITHIN, label="By time of the failure", choices=spans, data=data)
        for name, label in zip(_TIMES, ("Failed from (UTC)", "Failed before (UTC)"), strict=True):
            widget = _LocalTimeInput(attrs={"step": "1"})
            self.fields[name] = forms.CharField(label=label, required=False, widget=widget)


class EndedFilter(ListFilter):
    """By when a job ended: within the last hour, day or week, or between two times."""

    title = "time of the failure"
    names = (WITHIN, *_TIMES)
    template = "unfold/filters/filters_field.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type, model_admin: "ModelAdmin[Any]"
    ) -> None:
        super().__init__(request, params, model, model_admin)
        given = {name: "".join(params.pop(name, [])[-1:]).strip() for name in (WITHIN, *_TIMES)}
        self.given = {name: text for name, text in given.items() if text}
        self.used_parameters.update(self.given)
        try:
            self.selection = Selection.parse(self.given)
        except SelectionError as error:
            raise IncorrectLookupParameters from error

    def has_output(self) -> bool:
        """Always: the form needs nothing to choose from."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """The names in the address."""
        return [WITHIN, *_TIMES]

    def choices(self, changelist: object) -> Iterator[dict[str, Any]]:
        """The form, filled with what is set."""
        del changelist
        data = dict(self.given)
        for name in _TIMES:
            if name in data:
                data[name] = f"{getattr(self.selection, name):%Y-%m-%dT%H:%M:%S}"
        yield {"form": EndedForm(data)}

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The jobs that ended in that time."""
        del request
        times = {LOOKUPS[name]: getattr(self.selection, name) for name in _TIMES}
        return queryset.filter(**{lookup: time for lookup, time in times.items() if time is not None})
