from django.urls import path

from observations.api import views

urlpatterns = [
    path("measurements", views.MeasurementsView.as_view(), name="measurements"),
    path("observations", views.ObservationsView.as_view(), name="observations"),
    path("patients/lookup", views.PatientLookupView.as_view(), name="patient-lookup"),
    path("patients/<uuid:patient_id>", views.PatientView.as_view(), name="patient"),
]
