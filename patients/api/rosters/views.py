"""Rosters in, and what became of them."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api import refused_requests
from clinical_engine.api.problems import problem_response
from clinical_engine.api.scopes import access_of
from clinical_engine.api.uploads import Upload, place_to_upload
from patients.api.rosters.bodies import form_of, is_gzipped, query_of
from patients.api.rosters.description import roster_read, roster_upload
from patients.api.rosters.serializers import (
    RosterReceivedSerializer,
    RosterSerializer,
    describe,
    describe_received,
)
from patients.models import RosterState, StatementSource
from patients.models.rosters import OVER
from patients.rosters import selectors, services
from patients.rosters.errors import RosterConflictError
from patients.rosters.reading import RosterReader
from patients.services import Origin
from submitters.selectors import submitter_for

_POLL_SECONDS, _POLL_HELD_SECONDS = 1, 60
_FORMS = "The body must be application/x-ndjson or text/csv in UTF-8, as it is or with gzip as its Content-Encoding."


class RosterUploadView(APIView):
    """Full lists of the active patients of a submitter."""

    required_scopes: ClassVar = {"PUT": "rosters:write"}
    takes_chunks = True
    upload: Upload | None = None

    @roster_upload
    def put(self, request: Request, submitter_id: UUID) -> Response:
        """Accept a roster."""
        access = access_of(request)
        submitter = submitter_for(access.organisation_ids, submitter_id)
        if submitter is None:
            raise Http404
        form, gzipped = form_of(request), is_gzipped(request)
        as_of, dry_run = query_of(request)
        upload = self.upload = Upload(request)
        with place_to_upload():
            roster = services.receive(
                submitter=submitter,
                as_of=as_of,
                lines=lambda roster_id, as_of: RosterReader(
                    upload.chunks(), form=form, gzipped=gzipped, as_of=as_of, roster_id=roster_id
                ),
                origin=Origin(StatementSource.API, api_client_id=access.api_client_id),
                dry_run=dry_run,
            )
        location = reverse("job", args=[roster.job_id])
        answer = RosterReceivedSerializer(describe_received(roster)).data
        return Response(answer, status=202, headers={"Location": location})

    def handle_exception(self, exc: Exception) -> Response:
        """A problem; of what only rosters know too."""
        if isinstance(exc, RosterConflictError):
            response = problem_response(409, exc.code.replace("_", "-"), str(exc))
        elif isinstance(exc, UnsupportedMediaType):
            response = problem_response(415, "unsupported-media-type", _FORMS)
        else:
            return super().handle_exception(exc)
        refused_requests.tell(self.request, self, response.data)
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - the framework's signature
        """The answer, given when the client is no longer sending: it might not hear it otherwise."""
        if isinstance(request, Request):
            (self.upload or Upload(request)).drain()
        return super().finalize_response(request, response, *args, **kwargs)


class RosterView(APIView):
    """What became of a roster."""

    required_scopes: ClassVar = {"GET": "rosters:read"}

    @roster_read
    def get(self, request: Request, roster_id: UUID) -> Response:
        """The roster's state and how it differs from what is linked here; `Retry-After` while it is not finished."""
        roster = selectors.roster_for(access_of(request).organisation_ids, roster_id)
        if roster is None:
            raise Http404
        headers = {} if roster.state in OVER else {"Retry-After": str(_poll_after_seconds(roster.state))}
        return Response(RosterSerializer(describe(roster)).data, headers=headers)


def _poll_after_seconds(state: str) -> int:
    return _POLL_HELD_SECONDS if state == RosterState.HELD else _POLL_SECONDS
