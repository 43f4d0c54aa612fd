from django.urls import path

from observations.api import views
from observations.api.changes.views import ObservationChangesView
from observations.api.views.explanations import ExplanationView

urlpatterns = [
    path("measurements", views.MeasurementsView.as_view(), name="measurements"),
    path(
        "measurements/entered-in-error",
        views.EnteredInErrorByClientIdView.as_view(),
        name="entered-in-error-by-client-id",
    ),
    path(
        "measurements/<uuid:measurement_id>/entered-in-error",
        views.EnteredInErrorView.as_view(),
        name="entered-in-error",
    ),
    path("observations", views.ObservationsView.as_view(), name="observations"),
    path("observations/changes", ObservationChangesView.as_view(), name="observation-changes"),
    path(
        "observations/<uuid:observation_id>/explanation",
        ExplanationView.as_view(),
        name="observation-explanation",
    ),
    path("patients/lookup", views.PatientLookupView.as_view(), name="patient-lookup"),
    path("patients/<uuid:patient_id>", views.PatientView.as_view(), name="patient"),
]
