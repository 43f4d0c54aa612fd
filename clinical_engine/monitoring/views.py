"""Health for the load balancer and `make run`, metrics for Prometheus. Numbers only: open to whoever can reach the port."""

from collections.abc import Iterator

from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from clinical_engine.monitoring import probes


@csrf_exempt  # another method is answered 405, not asked for a token
@csrf_exempt
@require_safe
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """The process answers. Says nothing of what it depends on: restarting it would not mend those."""
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_safe
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """200 when every critical probe is as it should be, else 503; every probe's reading in `probes`."""
    close_old_connections()
    readings = probes.read_all()
    is_ready = all(reading.ok for probe, reading in readings.items() if probe.critical)
    response = JsonResponse(
        {
            "status": "ok" if is_ready else "not ready",
            "probes": {
                probe.name: {
                    "value": reading.value,
                    "ok": reading.ok,
                    "critical": probe.critical,
                    "description": probe.description,
                    "message": reading.message,
                }
                for probe, reading in readings.items()
            },
        },
        status=200 if is_ready else 503,
    )
    # Whoever polls sees it; Django would log an error for each poll of a start that takes its time.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


class _ProbeCollector(Collector):
    """Reads the probes at scrape time: with several web processes, counters in memory would each tell a part."""

    def collect(self) -> Iterator[Metric]:
        healthy = GaugeMetricFamily(
            "clinical_engine_probe_ok", "1 when the probe is as it should be", labels=["probe"]
        )
        for probe, reading in probes.read_all().items():
            healthy.add_metric([probe.name], float(reading.ok))
            if reading.value is not None:
                yield GaugeMetricFamily(
                    f"clinical_engine_{probe.name}", probe.description, value=reading.value
                )
        yield healthy


@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Every probe as a gauge, in Prometheus' text format."""
    close_old_connections()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_ProbeCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
