"""The engine's addresses, and two by which the suite puts in what no client of the engine can. Only with its own settings."""

import json

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from clinical_engine.api.scopes import SCOPES
from clinical_engine.common.identifiers import new_id
from clinical_engine.jobs import ledger
from clinical_engine.urls import handler404, handler500
from clinical_engine.urls import urlpatterns as of_the_engine
from observations.scripts.library import GLUCOSE_7D
from observations.scripts.library.installing import install_library
from submitters.services import create_api_client
from tests import factories

__all__ = ["handler404", "handler500", "urlpatterns"]


@csrf_exempt
@transaction.atomic
def make_world(request: HttpRequest) -> JsonResponse:
    """An organisation with two submitters, and the key of a client that may act for it."""
    install_library(scripts=[GLUCOSE_7D])
    # Several processes make some, each of which would count from one.
    name = str(new_id())
    owner = factories.organisation(name=name)
    submitters = [factories.submitter(owner) for _ in range(2)]
    _, key = create_api_client(actor=None, name=name, scopes=tuple(SCOPES), organisations=[owner])
    return JsonResponse(
        {"organisation": str(owner.id), "submitters": [str(each.id) for each in submitters], "key": key}
    )


@csrf_exempt
@transaction.atomic
def enqueue(request: HttpRequest) -> JsonResponse:
    """Write jobs {"organisation", "kind", "payloads"} in the format of this release; their ids."""
    body = json.loads(request.body)
    jobs = [ledger.NewJob(payload, organisation_id=body["organisation"]) for payload in body["payloads"]]
    ledger.enqueue(body["kind"], jobs)
    return JsonResponse({"jobs": [str(job.id) for job in jobs]})


urlpatterns = [
    path("faults/worlds", make_world),
    path("faults/jobs", enqueue),
    *of_the_engine,
]
