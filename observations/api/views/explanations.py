"""Why an observation is what it is."""

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import HasRequiredScope, access_of
from observations import selectors
from observations.api.serializers.explanations import ExplanationSerializer
from observations.computing.explaining import Explanation, explain
from observations.engine.explaining import Assigned
from observations.engine.explaining import Explanation as Run
from observations.models import Observation


class ExplanationView(APIView):
    """How one observation came about."""

    required_scopes: ClassVar = {"GET": "observations:read"}

    @extend_schema(
        operation_id="explain_observation",
        responses={
            200: OpenApiResponse(ExplanationSerializer, "Inputs, steps and sources"),
            404: problem_reply("No such observation, or none that this key may see"),
        },
    )
    def get(self, request: Request, observation_id: UUID) -> Response:
        """The inputs with what they came from, and what the script did with them, line by line.

        Superseded observations are explained as they were. Shows the values of measurements that the observation was made of, so
        the key needs the scope `measurements:read` as well.
        """
        if "measurements:read" not in access_of(request).scopes:
            raise PermissionDenied(HasRequiredScope.message)
        observation = selectors.observation_for(access_of(request).organisation_ids, observation_id)
        if observation is None:
            raise Http404
        return Response(ExplanationSerializer(_told(observation, explain(observation))).data)


def _told(observation: Observation, explanation: Explanation) -> dict[str, Any]:
    version, run, publication = observation.script_version, explanation.run, explanation.publication
    return {
        "observation": observation,
        "script_text": version.source,
        "publication": publication,
        "inputs": [{**one._asdict(), "declared": version.inputs[one.name]} for one in explanation.inputs],
        "steps": [] if run is None else [*_steps(run)],
        "steps_complete": run is None or run.is_complete,
        "difference": explanation.difference,
        "superseded_by": explanation.successor and explanation.successor.pk,
    }


def _steps(run: Run) -> Iterator[dict[str, Any]]:
    for step in run.steps:
        if isinstance(step, Assigned):
            yield {"line": step.line, "name": step.name, "condition": None, "value": step.value}
        else:
            decided = "true" if step.outcome else "false"
            yield {"line": step.line, "name": None, "condition": step.text, "value": decided}
