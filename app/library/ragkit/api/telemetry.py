"""Request metrics, and the page that adds up all processes of a service. Extra: api."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ragkit.api.overload import apart
from ragkit.buckets import SECONDS

REQUESTS = Counter("http_requests", "HTTP requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the last byte of its answer.",
    ["method", "route", "status"],
    buckets=SECONDS,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class RequestMetrics:
    """Counts each request and measures its time, under the template of its route. The time of a
    stream ends with its last byte."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and record how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            # Labels are route templates and known methods only, so that clients cannot add labels.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "other"
            labels = (method, route, str(status))
            REQUESTS.labels(*labels).inc()
            REQUEST_SECONDS.labels(*labels).observe(time.perf_counter() - started)


class MemoryCollector(Collector):
    """The memory of all processes together. prometheus_client does not report memory in
    multi-process mode.
    """

    def collect(self) -> Iterable[Metric]:
        """Add up the resident memory of the processes in this process group."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # the process has ended
            # Fields are counted from the state: the group is the third, resident pages the
            # twenty-second.
            if int(fields[2]) == os.getpgrp():
                total += int(fields[21]) * PAGE_BYTES
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=total)


def install(app: FastAPI, *collectors: Collector, path: str = "/metrics") -> None:
    """Measure every request and serve the metrics page, which a gateway must not forward.

    After `ragkit.multiprocess.share_metrics` the page adds up all processes, otherwise it shows
    this one.
    """
    app.add_middleware(RequestMetrics)
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(MemoryCollector())
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)

    @app.get(path, include_in_schema=False)
    @apart
    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
