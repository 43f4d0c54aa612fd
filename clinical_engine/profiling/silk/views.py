"""Pages of silk that would not work as the app's database role."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from silk.auth import login_possibly_required, permissions_possibly_required
from silk.models import Request
from silk.views.clear_db import ClearDBView

from clinical_engine.profiling.silk.forgetting import forget_all
from clinical_engine.staff.actors import actor_of


class ForgetRequestsView(ClearDBView):  # type: ignore[misc]  # silk is not annotated
    """Silk's 'Clear DB', by DELETE: silk itself truncates and switches triggers off, which only an owner of tables may."""

    @method_decorator(login_possibly_required)
    @method_decorator(permissions_possibly_required)
    def post(self, request: HttpRequest) -> HttpResponse:
        """Delete all that silk has recorded, when the box is ticked; the audit trail says who did."""
        context = {}
        if "clear_all" in request.POST:
            forget_all(actor=actor_of(request))
            context["msg"] = (
                "Not all is deleted yet: tick it again."
                if Request.objects.exists()
                else "All recorded requests are deleted."
            )
        return render(request, "silk/clear_db.html", context)
