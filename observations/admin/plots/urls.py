"""Where a patient's plots are: below the patient's own page, whose app knows nothing of measurements."""

from django.contrib.admin import site
from django.urls import path

from observations.admin.plots.page import PAGE, plots_page

urlpatterns = [
    path("patients/patient/<str:object_id>/measurements/", site.admin_view(plots_page), name=PAGE),
]
