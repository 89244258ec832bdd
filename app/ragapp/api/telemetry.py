"""Request metrics, and the /metrics page that adds up all API processes."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ragapp.metrics import REQUEST_SECONDS, REQUESTS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class RequestMetrics:
    """Counts and times every request under its route's template, a stream until its last byte."""

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
            # Templates, not paths, and no made-up methods: labels must not grow with what strangers ask for.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "other"
            labels = (method, route, str(status))
            REQUESTS.labels(*labels).inc()
            REQUEST_SECONDS.labels(*labels).observe(time.perf_counter() - started)


class StateCollector(Collector):
    """What the database knows: documents by state, chunks, and the queue's depth and age.

    Served by the API, because a queue grows exactly when the worker is gone. Every API process tells the
    same, so queries take max(), not sum().
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Ask the database; without it these metrics are absent, the others are not."""
        documents = GaugeMetricFamily("rag_documents", "Documents by state.", labels=["state"])
        chunks = GaugeMetricFamily("rag_chunks", "Chunks stored.")
        depth = GaugeMetricFamily("rag_queue_depth", "Documents waiting for ingestion.")
        age = GaugeMetricFamily("rag_queue_oldest_age_seconds", "How long the oldest of them has been due.")
        try:
            with self._engine.connect() as connection:
                counts = dict.fromkeys(("queued", "ingesting", "ready", "failed"), 0)
                rows = connection.execute(text("SELECT state, count(*) FROM documents GROUP BY state"))
                counts.update({row.state: row.count for row in rows})
                chunk_count = connection.scalar(text("SELECT count(*) FROM chunks"))
                oldest = connection.scalar(
                    text(
                        "SELECT extract(epoch FROM now() - min(due_at)) FROM documents WHERE state = 'queued'"
                    )
                )
        except SQLAlchemyError:
            return
        for state, count in counts.items():
            documents.add_metric([state], count)
        chunks.add_metric([], chunk_count or 0)
        depth.add_metric([], counts["queued"])
        age.add_metric([], max(0.0, float(oldest or 0)))
        yield from (documents, chunks, depth, age)


class MemoryCollector(Collector):
    """The memory of all API processes together; prometheus_client reports none in multi-process mode."""

    def collect(self) -> Iterable[Metric]:
        """Add up the resident memory of the processes in this one's process group."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            # Fields counted from the state: process group is the third, resident pages the twenty-second.
            if int(fields[2]) == os.getpgrp():
                total += int(fields[21]) * PAGE_BYTES
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=total)


def install(app: FastAPI, engine: Engine) -> None:
    """Measure every request and serve /metrics, which the gateway does not forward."""
    app.add_middleware(RequestMetrics)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(StateCollector(engine))
    registry.register(MemoryCollector())

    @app.get("/metrics", include_in_schema=False)
    def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
