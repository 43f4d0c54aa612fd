"""Where everything is reached. The front door: it wires the apps together and is imported by nobody."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from clinical_engine.api.only_read import only_read

handler400 = "clinical_engine.api.problems.bad_request"
handler500 = "clinical_engine.api.problems.server_error"
handler404 = "clinical_engine.api.problems.not_found"

api_v1: list[URLPattern | URLResolver] = [
    path("", include("clinical_engine.jobs.api.urls")),
    path("", include("patients.api.urls")),
    path("", include("observations.api.urls")),
    path("openapi.json", only_read(SpectacularAPIView.as_view()), name="schema"),
    path("docs/", only_read(SpectacularSwaggerView.as_view(url_name="schema")), name="docs"),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("clinical_engine.monitoring.urls")),
    path("api/v1/", include(api_v1)),
    path("", include("observations.fhir.urls")),
    # Before the admin's own, which take what lies below a patient's page for the id of one.
    path("admin/", include("observations.admin.plots.urls")),
    path("admin/", admin.site.urls),
    path("silk/", include("clinical_engine.profiling.silk.urls", namespace="silk")),
]
