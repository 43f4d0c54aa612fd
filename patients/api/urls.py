from django.urls import path

from patients.api import views
from patients.api.facts import FactInErrorByClientIdView, FactInErrorView, FactsView
from patients.api.rosters import RosterUploadView, RosterView

urlpatterns = [
    path("activations", views.ActivationsView.as_view(), name="activations"),
    path("activations/batch", views.ActivationBatchView.as_view(), name="activations-batch"),
    path("deactivations", views.DeactivationsView.as_view(), name="deactivations"),
    path("deactivations/batch", views.DeactivationBatchView.as_view(), name="deactivations-batch"),
    path("moves", views.MovesView.as_view(), name="moves"),
    path("facts", FactsView.as_view(), name="facts"),
    path(
        "facts/entered-in-error",
        FactInErrorByClientIdView.as_view(),
        name="fact-entered-in-error-by-client-id",
    ),
    path("facts/<uuid:fact_id>/entered-in-error", FactInErrorView.as_view(), name="fact-entered-in-error"),
    path("submitters/<uuid:submitter_id>/roster", RosterUploadView.as_view(), name="submitter-roster"),
    path("rosters/<uuid:roster_id>", RosterView.as_view(), name="roster"),
]
