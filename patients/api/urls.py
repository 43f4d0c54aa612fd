from django.urls import path

from patients.api import views
from patients.api.rosters import RosterUploadView, RosterView

urlpatterns = [
    path("activations", views.ActivationsView.as_view(), name="activations"),
    path("activations/batch", views.ActivationBatchView.as_view(), name="activations-batch"),
    path("deactivations", views.DeactivationsView.as_view(), name="deactivations"),
    path("deactivations/batch", views.DeactivationBatchView.as_view(), name="deactivations-batch"),
    path("moves", views.MovesView.as_view(), name="moves"),
    path("submitters/<uuid:submitter_id>/roster", RosterUploadView.as_view(), name="submitter-roster"),
    path("rosters/<uuid:roster_id>", RosterView.as_view(), name="roster"),
]
