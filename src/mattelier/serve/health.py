"""/healthz, /readyz and /metrics: is it alive, can it work, how has it been doing."""

import json
from collections.abc import Iterator
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mattelier.serve import openapi
from mattelier.serve.desk import Desk
from mattelier.serve.problems import Problem

router = APIRouter()
BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Meters:
    """The numbers of one server."""

    def __init__(self, desk: Desk) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "mattelier_requests", "Requests answered.", ["method", "path", "status"], registry=self.registry
        )
        self._errors = Counter(
            "mattelier_errors", "Answers of 400 and above.", ["path", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "mattelier_request_seconds", "From accepted to answered.", ["path"], registry=self.registry, buckets=BUCKETS
        )
        self.registry.register(_DeskCollector(desk))
        ProcessCollector(registry=self.registry)

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """Add one answer. path: the route's template, so that strangers' paths make no new series."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)
        if status >= 400:
            self._errors.labels(path, str(status)).inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _DeskCollector:
    """Reads the desk when someone looks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        desk = self._desk
        yield GaugeMetricFamily("mattelier_running", "Pictures worked on.", desk.running)
        yield GaugeMetricFamily("mattelier_waiting", "Requests waiting for a worker.", desk.waiting)
        yield CounterMetricFamily("mattelier_pictures", "Pictures finished.", desk.pictures)
        stages = CounterMetricFamily("mattelier_stage_seconds", "Seconds of finished pictures.", labels=["stage"])
        for stage, seconds in list(desk.seconds.items()):
            stages.add_metric([stage], seconds)
        yield stages


@router.get("/healthz", response_class=Response, openapi_extra=openapi.HEALTH)
async def healthz() -> Response:
    """Whether the process answers."""
    return _status(200, "alive")


@router.get("/readyz", response_class=Response, openapi_extra=openapi.READY)
async def readyz(request: Request) -> Response:
    """Whether the default model is loaded and has worked on its first picture; 503 before, and while closing."""
    desk: Desk = request.app.state.desk
    if desk.ready:
        return _status(200, "ready")
    says = str(desk.failure) if desk.failure else "the default model is not warm; wait a moment and ask again"
    raise Problem(503, "not_ready", says, {"Retry-After": "1"})


@router.get("/metrics", response_class=Response, openapi_extra=openapi.METRICS)
async def metrics(request: Request) -> Response:
    """Prometheus' text format; for this machine itself, or with an API key."""
    if request.state.key is None and not is_loopback(request.client.host if request.client else ""):
        raise Problem(
            403,
            "forbidden",
            "the numbers of a server are for its operator; an API key was expected from elsewhere; send X-Api-Key",
        )
    return Response(request.app.state.meters.text(), media_type=CONTENT_TYPE_LATEST)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _status(code: int, word: str) -> Response:
    return Response(json.dumps({"status": word}), code, media_type="application/json")
