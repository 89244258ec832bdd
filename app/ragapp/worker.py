"""The ingestion worker: takes documents from the queue, and from the database if the queue lost
them."""

import json
import logging
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dramatiq
import redis
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ragapp import documents
from ragapp.ingest import Ingester
from ragapp.services import Services, make_services
from ragapp.settings import load_settings_or_exit
from ragkit.logs import configure_logs

log = logging.getLogger(__name__)

PORT = 8001
SWEEP_SECONDS = 5.0
# A sweep may wait for the time limits of the database. Several missed sweeps mean that the loop is
# stuck.
STALE_SECONDS = 90.0
ANNOUNCE_AT_ONCE = 100
# An ingestion ends itself at its next checkpoint after the time limit. An ingestion that is stuck
# within a step does not. After this additional time it fails, before its lease ends and another
# worker takes the document.
GRACE_SECONDS = documents.LEASE.total_seconds() / 2


class Health:
    """The conditions of the health check: the loop runs, the threads are alive, and no ingestion
    takes too long.
    """

    def __init__(self, ingester: Ingester, timeout: float) -> None:
        self._ingester = ingester
        self._timeout = timeout
        self._beat = time.monotonic()
        self.workers: list[dramatiq.Worker] = []

    def beat(self) -> None:
        """Record that the loop runs."""
        self._beat = time.monotonic()

    def problem(self) -> str:
        """Return what is wrong, or "" if nothing is."""
        age = time.monotonic() - self._beat
        if age > STALE_SECONDS:
            return f"the loop of the worker has not run for {age:.0f} s"
        if not all(thread.is_alive() for worker in self.workers for thread in worker.workers):
            return "a worker thread has died"
        if any(seconds > self._timeout for seconds in self._ingester.held().values()):
            return f"an ingestion takes longer than RAG_INGEST_TIMEOUT_SECONDS ({self._timeout:.0f})"
        return ""


def work() -> int:
    """Ingest documents until SIGTERM. Running ingestions are queued again at their next batch."""
    settings = load_settings_or_exit()
    configure_logs(settings.log_level)
    services = make_services(settings)
    ingester = Ingester(services)
    health = Health(ingester, settings.ingest_timeout_seconds)
    _serve_metrics(health)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ingester.stopping.set())
    health.workers = [
        services.queue.receive(ingester.ingest, settings.worker_threads),
        # Large documents have a separate thread, so that small ones do not wait for them.
        services.queue.receive(ingester.ingest, 1, large=True),
    ]
    log.info("the worker is ready")
    stuck = 0
    while not ingester.stopping.is_set():
        if stuck := _sweep(services, ingester):
            log.error("%d ingestions are stuck: the worker ends, and Docker starts it again", stuck)
            ingester.stopping.set()
        health.beat()
        ingester.stopping.wait(SWEEP_SECONDS)
    log.info("stopping")
    for worker in health.workers:
        worker.stop(timeout=settings.shutdown_seconds * 1000)
    return 1 if stuck else 0


def _sweep(services: Services, ingester: Ingester) -> int:
    """Renew leases, queue the documents of lost workers again, and announce what the queue lost.

    Returns the number of ingestions that are stuck.
    """
    limit = services.settings.ingest_timeout_seconds
    try:
        with Session(services.engine) as session, session.begin():
            documents.renew(session, [claim for claim, age in ingester.held().items() if age <= limit])
            if lost := documents.recover_lost(session):
                log.warning("%d documents of stopped workers are queued again", lost)
            # Documents are announced only if the queue is empty. Otherwise each sweep would
            # announce a long backlog again. A document that is announced twice is ingested once,
            # because only one worker gets the claim.
            waiting = {
                large: documents.due(session, ANNOUNCE_AT_ONCE, large=large)
                for large in (False, True)
                if services.queue.is_empty(large=large)
            }
        for large, ids in waiting.items():
            for document_id in ids:
                services.queue.send(document_id, large=large)
        return ingester.fail_stuck(limit + GRACE_SECONDS)
    except (SQLAlchemyError, redis.RedisError) as error:
        log.warning("the sweep failed and will be repeated: %s", str(error).splitlines()[0])
        return 0


def _serve_metrics(health: Health) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            elif self.path == "/health":
                problem = health.problem()
                body = json.dumps({"status": problem or "ok"}).encode()
                self._answer(503 if problem else 200, "application/json", body)
            else:
                self._answer(404, "text/plain", b"only /metrics and /health\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing, because health checks and scrapes are frequent."""

    server = ThreadingHTTPServer(("0.0.0.0", PORT), Handler)  # noqa: S104 - Prometheus scrapes it  # nosec B104
    threading.Thread(target=server.serve_forever, daemon=True).start()
