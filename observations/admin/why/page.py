"""The page 'Why this value?' of an observation."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from clinical_engine.staff import panels
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.cells import Tone, badge, moment, moment_text, page_of
from observations.admin.cells import computed
from observations.admin.why.sources import ShownSources
from observations.admin.why.words import asked, value_words
from observations.catalogue import catalogue
from observations.computing.explaining import Explanation, explain
from observations.engine import NotComputable, ScriptFailed
from observations.engine.explaining import Assigned, Decided
from observations.engine.explaining import Explanation as Run
from observations.models import Observation, Publication


class Explaining(StaffModelAdmin):
    """What the admin of observations inherits: the button 'Why this value?', and the page behind it."""

    actions_detail = ("why",)

    def has_explain_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may see observations and measurements: the page shows the values of both."""
        del obj
        may_see = request.user.has_perm("observations.view_measurement")
        return bool(may_see and self.has_view_permission(request))

    @detail_button(title="Why this value?", path="why", permission="explain")
    def why(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compute it again from the same sources, and show how it goes."""
        observation = self.get_object(request, object_id)
        if observation is None:
            return self.not_there(request, object_id)
        if observation.from_facts and not request.user.has_perm("patients.view_patientfact"):
            raise PermissionDenied
        explanation = explain(observation)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Why this value? {observation.code.display}",
            "opts": self.opts,
            "observation": observation,
            "value": computed(observation, whole=True),
            "as_of": moment_text(observation.as_of, observation.organisation.zone),
            "superseded": moment_text(observation.superseded_at, observation.organisation.zone),
            "explanation": explanation,
            "successor": explanation.successor and _link_to(explanation.successor, observation),
            "version": _version(observation, explanation.publication),
            "inputs": _inputs(observation, explanation),
            "lines": [*lines(observation.script_version.source, explanation.run)],
            "ending": ending(explanation.run),
            "back": reverse("admin:observations_observation_change", args=[observation.pk]),
        }
        return TemplateResponse(request, "admin/observations/why.html", context)


def _link_to(successor: Observation, observation: Observation) -> SafeString:
    time = moment_text(successor.computed_at, observation.organisation.zone)
    return page_of("admin:observations_observation_why", successor.pk, f"the one computed {time}")


def _version(observation: Observation, publication: Publication | None) -> Mapping[str, object]:
    version = observation.script_version
    name = f"{version.script.title} v{version.number}"
    link = page_of("admin:observations_scriptversion_change", version.pk, name)
    rows = [] if publication is None else [(link, *_publication(publication))]
    empty = f"{name}. What brought it into force cannot be told."
    return panels.table(
        ["Version", "How", "In force from", "When", "By", "Proposed by", "Reason"], rows, empty=empty
    )


def _publication(publication: Publication) -> tuple[object, ...]:
    by, proposed_by = publication.published_by, publication.proposed_by
    whom = f" for {publication.organisation}" if publication.organisation else ""
    return (
        f"{publication.get_kind_display()}{whom}",
        moment(publication.effective_from),
        moment(publication.published_at),
        "a release" if by is None else str(by),
        "" if proposed_by is None else str(proposed_by),
        publication.reason,
    )


def _inputs(observation: Observation, explanation: Explanation) -> Mapping[str, object]:
    codes = catalogue()
    sources = ShownSources(explanation.inputs, codes, observation.organisation.zone)
    return panels.table(
        ["Input", "What it asks for", "Value as of then", "Came from"],
        (
            (
                one.name,
                asked(one.declared, codes),
                badge(one.obstacle, Tone.BAD) if one.obstacle else value_words(one.value),
                sources.cell(one.sources),
            )
            for one in explanation.inputs
        ),
        empty=explanation.difference or "It reads nothing.",
    )


def lines(source: str, run: Run | None) -> Iterator[tuple[int, str, list[str]]]:
    """Each line of the source: its number, its text, and what became of it."""
    found: dict[int, list[str]] = defaultdict(list)
    for step in () if run is None else run.steps:
        found[step.line].append(_step(step))
    for number, text in enumerate(source.splitlines(), 1):
        yield number, text, found[number]


def _step(step: Assigned | Decided) -> str:
    if isinstance(step, Assigned):
        return f"{step.name} = {step.value}"
    return "true" if step.outcome else "false"


def ending(run: Run | None) -> str:
    """How a run ended, in a sentence; '' where it came to a result and all its steps are shown."""
    if run is None:
        return "The script did not run: an input stood in the way."
    if isinstance(run.ending, NotComputable):
        return f"It ends there, not computable: {run.ending}."
    if isinstance(run.ending, ScriptFailed):
        return f"It fails: {run.ending}."
    return "" if run.is_complete else "Only the first 500 steps are shown."
