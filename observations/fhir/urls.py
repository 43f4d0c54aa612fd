from django.urls import path, re_path

from observations.fhir import views
from observations.fhir.formats import not_here

urlpatterns = [
    # The base address is written with and without a slash at its end, and a redirect would lose the body.
    path("fhir", views.BundleView.as_view()),
    path("fhir/", views.BundleView.as_view(), name="fhir"),
    path("fhir/metadata", views.metadata, name="fhir-metadata"),
    path("fhir/Observation", views.ObservationsView.as_view(), name="fhir-observations"),
    path("fhir/Observation/<uuid:row_id>", views.ObservationView.as_view(), name="fhir-observation"),
    re_path(r"^fhir/(?P<path>.*)$", not_here),
]
