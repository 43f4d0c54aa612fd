"""Everything about a patient: what the vitals app needs to verify that its activation arrived."""

from typing import ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clinical_engine.api.schema import problem_reply
from clinical_engine.api.scopes import access_of
from observations.api import examples
from observations.api import serializers as shapes
from observations.api.patients import describe_patient
from patients.models import Patient
from patients.selectors import patient_by_external_id, patient_for

_FOUND = OpenApiResponse(shapes.PatientSerializer, "The patient", examples=[examples.PATIENT])
_NOBODY = problem_reply("No such patient, or none that this key may see")


class PatientLookupView(APIView):
    """Finding a patient by the id that the vitals app knows."""

    required_scopes: ClassVar = {"POST": "patients:read"}

    @extend_schema(
        operation_id="look_up_patient",
        request=shapes.LookupRequestSerializer,
        examples=[examples.LOOKUP],
        responses={200: _FOUND, 404: _NOBODY, 422: problem_reply("Refused: `errors` name the fields")},
    )
    def post(self, request: Request) -> Response:
        """Find a patient: linked to whom, since when, what is held, and the last job."""
        query = shapes.LookupRequestSerializer(data=request.data)
        query.is_valid(raise_exception=True)
        organisation_id = query.validated_data["organisation"]
        if organisation_id not in access_of(request).organisation_ids:
            raise Http404
        return _patient_response(patient_by_external_id(organisation_id, query.validated_data["external_id"]))


class PatientView(APIView):
    """One patient."""

    required_scopes: ClassVar = {"GET": "patients:read"}

    @extend_schema(operation_id="get_patient", responses={200: _FOUND, 404: _NOBODY})
    def get(self, request: Request, patient_id: UUID) -> Response:
        """The patient: linked to whom, since when, what is held, and the last job."""
        return _patient_response(patient_for(access_of(request).organisation_ids, patient_id))


def _patient_response(patient: Patient | None) -> Response:
    if patient is None:
        raise Http404
    return Response(shapes.PatientSerializer(describe_patient(patient)).data)
