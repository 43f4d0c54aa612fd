from django.urls import path

from patients.api.views import ActivationsView, DeactivationsView

urlpatterns = [
    path("activations", ActivationsView.as_view(), name="activations"),
    path("deactivations", DeactivationsView.as_view(), name="deactivations"),
]
