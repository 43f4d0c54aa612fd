"""What people do to jobs: run them again, cancel them, discard them; each with a reason, ticked in the list or on a job's page."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from clinical_engine.jobs import selectors, services
from clinical_engine.jobs.models import Job
from clinical_engine.jobs.payloads.waiting import is_readable
from clinical_engine.jobs.states import CLAIMABLE, FAILED, JobState, Trigger
from clinical_engine.staff.actors import actor_of
from clinical_engine.staff.admin import StaffModelAdmin, detail_button
from clinical_engine.staff.reasons import Question, ask, reason_in


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done to jobs, and the words for it: `title` takes '3 jobs', `button` names it.

    `done` and `left` say of the jobs what became of them, and why the others were left alone.
    """

    path: str
    title: str
    button: str
    explanation: str
    done: str
    left: str
    service: Callable[..., int]
    states: Collection[JobState]
    needs_this_release: bool = False


RUN_AGAIN = Deed(
    "run-again",
    "Run {} again",
    "Run again",
    "Jobs that failed, were cancelled or wait to be tried again become available now; the others are left alone. "
    "A job looks at all facts anew, so running it again cannot undo anything younger.",
    "will run again",
    "succeeded, running, or set going by someone else",
    services.run_again,
    (*FAILED, JobState.CANCELLED, JobState.RETRYABLE),
    # It would leave the failed ones and wait for a release that may never come.
    needs_this_release=True,
)
CANCEL = Deed(
    "cancel",
    "Cancel {}",
    "Cancel the work",
    "Jobs that wait are ended without being done, so what they were to do is missing until they are run again; "
    "jobs that run or have ended are left alone. Who sent the work sees it as cancelled.",
    "cancelled",
    "running, ended, or cancelled by someone else",
    services.cancel,
    CLAIMABLE,
)
DISCARD = Deed(
    "discard",
    "Discard {}",
    "Discard",
    "Failed jobs leave the repair desk: nobody is asked to look at them again. What they were to do stays undone, so a "
    "statement may stay without its association and measurements without their observations, and only the overview's "
    "numbers of missing work still tell. Their attempts are kept; they are found as cancelled, and can be run again.",
    "discarded",
    "not failed, or set going or discarded by someone else",
    services.discard,
    FAILED,
)
_BY_PATH = {deed.path: deed for deed in (RUN_AGAIN, CANCEL, DISCARD)}


class JobActions(StaffModelAdmin):
    """The actions of the list, and the buttons of a job's page."""

    actions = ("run_again", "cancel", "discard")
    actions_detail = ("run_this_again", "cancel_this", "discard_this")

    def has_run_again_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may run failed jobs again."""
        del obj
        return request.user.has_perm("jobs.run_job_again")

    def has_cancel_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may cancel jobs that wait."""
        del obj
        return request.user.has_perm("jobs.cancel_job")

    def has_discard_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may discard failed jobs."""
        del obj
        return request.user.has_perm("jobs.discard_job")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The buttons, each where it would change anything."""
        buttons = super().get_actions_detail(request, object_id)
        useful = _useful(self.get_object(request, object_id))
        return [button for button in buttons if button.path not in _BY_PATH or button.path in useful]

    @admin.action(description="Run again", permissions=["run_again"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Ask why, then make the ticked jobs available."""
        del queryset
        return self._ticked(request, "run_again", RUN_AGAIN)

    @admin.action(description="Cancel (jobs that wait)", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Ask why, then end those of the ticked jobs that wait."""
        del queryset
        return self._ticked(request, "cancel", CANCEL)

    @admin.action(description="Discard (failed jobs)", permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Ask why, then put those of the ticked jobs away that failed."""
        del queryset
        return self._ticked(request, "discard", DISCARD)

    @detail_button(title="Run again", path=RUN_AGAIN.path, permission="run_again")
    def run_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then make this job available."""
        return self._this(request, object_id, RUN_AGAIN)

    @detail_button(title="Cancel the work", path=CANCEL.path, permission="cancel")
    def cancel_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then end this job."""
        return self._this(request, object_id, CANCEL)

    @detail_button(title="Discard", path=DISCARD.path, permission="discard")
    def discard_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then put this job away."""
        return self._this(request, object_id, DISCARD)

    def _ticked(self, request: HttpRequest, action: str, deed: Deed) -> HttpResponse | None:
        # What was ticked, rather than the queryset: a job that left the filtered list meanwhile is to be reported, not dropped.
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        reason, form = reason_in(request)
        if not reason:
            hidden = {ACTION_CHECKBOX_NAME: ticked, "action": [action], "index": ["0"]}
            return ask(
                request, _question(deed, len(ticked), request.get_full_path(), hidden), form, self.opts
            )
        self._do(request, deed, ticked, reason)
        return None

    def _this(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        if self.get_object(request, object_id) is None:
            return self.not_there(request, object_id)
        page = reverse("admin:jobs_job_change", args=[object_id])
        reason, form = reason_in(request)
        if not reason:
            return ask(request, _question(deed, 1, page, {}), form, self.opts)
        self._do(request, deed, [object_id], reason)
        return HttpResponseRedirect(page)

    def _do(self, request: HttpRequest, deed: Deed, ids: Sequence[str], reason: str) -> None:
        keys = {UUID(text) for text in ids}
        unknown = selectors.of_another_release(keys) if deed.needs_this_release else set()
        changed = deed.service(actor=actor_of(request), job_ids=list(keys - unknown), reason=reason)
        left = len(keys) - len(unknown) - changed
        text = f"{changed} of {len(keys)} jobs {deed.done}."
        if unknown:
            text += f" {len(unknown)} left alone: of a kind or a format that this release does not know."
        if left:
            text += f" {left} left alone: {deed.left}."
        if not changed:
            text += " Nothing was changed."
        self.message_user(request, text, messages.WARNING if left or unknown else messages.SUCCESS)


def _question(deed: Deed, number: int, back: str, hidden: dict[str, list[str]]) -> Question:
    what = "this job" if number == 1 else f"{number} jobs"
    return Question(deed.title.format(what), deed.explanation, deed.button, back, hidden)


def _useful(job: Job | None) -> set[str]:
    """The paths of the buttons that would change the job."""
    if job is None:
        return set()
    useful = {deed.path for deed in _BY_PATH.values() if job.state in deed.states}
    runs_in_vain = _is_set_going(job) or not is_readable(job)
    return useful - {RUN_AGAIN.path} if runs_in_vain else useful


def _is_set_going(job: Job) -> bool:
    due = job.next_run_at <= timezone.now()
    return job.state == JobState.RETRYABLE and job.next_trigger == Trigger.USER and due
