from django.urls import path

from clinical_engine.jobs.api.views import JobView

urlpatterns = [path("jobs/<uuid:job_id>", JobView.as_view(), name="job")]
