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
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
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
TICKS = os.sysconf("SC_CLK_TCK")


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


class ProcessesCollector(Collector):
    """The memory, the CPU time and the start of all processes together. prometheus_client does not
    report them in multi-process mode.
    """

    def collect(self) -> Iterable[Metric]:
        """Add up the processes in this process group. The first process of the service leads it."""
        leader = os.getpgrp()
        memory = ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = [int(field) for field in _fields(stat)[1:]]
            except OSError:
                continue  # the process has ended
            if fields[1] != leader:
                continue
            memory += fields[20] * PAGE_BYTES
            ticks += sum(fields[10:12])
            if stat.parent.name == str(leader):
                # Processes that have ended count too, so that the counter never falls.
                ticks += sum(fields[12:14])
                yield GaugeMetricFamily(
                    "process_start_time_seconds",
                    "Start of the first process.",
                    value=_boot_time() + fields[18] / TICKS,
                )
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=memory)
        yield CounterMetricFamily("process_cpu_seconds", "CPU time.", value=ticks / TICKS)


def _fields(stat: Path) -> list[str]:
    """Return the fields of /proc/PID/stat after the name of the program: the state, the parent, the
    group and so on."""
    return stat.read_text().rpartition(")")[2].split()


def _boot_time() -> int:
    """Return when the kernel started, in seconds since 1970."""
    lines = Path("/proc/stat").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("btime "))


class DataCollector(Collector):
    """The size of the files in a folder, such as a volume.

    With many files, the size can be old: adding them up takes at most a hundredth of the time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bytes = 0
        self._next = 0.0

    def collect(self) -> Iterable[Metric]:
        """Return the last size, or a new one if it is time for it."""
        started = time.monotonic()
        if started >= self._next:
            self._bytes = _size_of(self._folder)
            self._next = time.monotonic() + 100 * (time.monotonic() - started)
        yield GaugeMetricFamily("rag_data_bytes", "Data on the volume.", value=self._bytes)


def _size_of(folder: Path) -> int:
    """Add up the files. Those that are removed meanwhile do not count."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.lstat().st_blocks * 512
        except OSError:
            continue
    return total


def install(app: FastAPI, *collectors: Collector, path: str = "/metrics") -> None:
    """Measure every request and serve the metrics page, which a gateway must not forward.

    After `ragkit.multiprocess.share_metrics` the page adds up all processes, otherwise it shows
    this one.
    """
    app.add_middleware(RequestMetrics)
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(ProcessesCollector())
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)

    @app.get(path, include_in_schema=False)
    @apart
    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
