"""Keeps the certificate of the ingress valid, and reports about it."""

import logging
import random
import time
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import override

from prometheus_client import Counter, Gauge
from prometheus_client.exposition import MetricsHandler

from frontdoor.certificates.authority import is_placeholder, placeholder
from frontdoor.certificates.folder import Folder
from frontdoor.certificates.pairs import Unusable
from frontdoor.certificates.sources import Source

PORT = 8000
CHECK_SECONDS = 12 * 3600
# Let's Encrypt allows five failed attempts an hour, and then one more every twelve minutes.
FIRST_RETRY_SECONDS = 900
LAST_RETRY_SECONDS = 6 * 3600

logger = logging.getLogger(__name__)
jitter = random.SystemRandom()

EXPIRES = Gauge(
    "ragdock_certificate_expires_timestamp_seconds",
    "End of the validity of the certificate. 0 while there is no certificate that clients accept.",
    ["source"],
)
BEGINS = Gauge(
    "ragdock_certificate_begins_timestamp_seconds",
    "Start of the validity of the certificate.",
    ["source"],
)
SUCCESS = Gauge(
    "ragdock_certificate_last_success_timestamp_seconds",
    "Time of the last successful attempt to obtain the certificate, or of the last check that found no need.",
    ["source"],
)
FAILURES = Counter(
    "ragdock_certificate_failures", "Attempts to obtain a certificate that failed.", ["source"]
)


class Service:
    """Obtains the certificate, and checks every twelve hours whether it must be renewed."""

    def __init__(self, name: str, source: Source, folder: Folder) -> None:
        self._name = name
        self._source = source
        self._folder = folder
        self.problem: str | None = "no attempt yet"
        for metric in (EXPIRES, BEGINS, SUCCESS, FAILURES):
            metric.labels(name)

    def run(self) -> None:
        """Keep the certificate valid until the process ends."""
        if self._source.needs_ingress:
            if self._folder.current() is None:
                self._folder.publish(placeholder())
            self.problem = None
        self._report()
        failures = 0
        while True:
            failures = 0 if self.attempt() else min(failures + 1, 10)
            time.sleep(seconds_until_next(failures))

    def attempt(self) -> bool:
        """Obtain the certificate once. Return whether it was successful."""
        problem = None
        try:
            self._folder.publish(self._source.obtain(self._folder.current()))
            SUCCESS.labels(self._name).set_to_current_time()
        except (Unusable, OSError, ValueError) as error:
            problem = str(error)
            FAILURES.labels(self._name).inc()
            logger.error("no certificate from %s: %s", self._name, problem)
        # A certificate of a public authority also needs DNS and the ingress, so a failure does not make
        # this program unhealthy.
        self.problem = None if self._source.needs_ingress else problem
        self._report()
        return problem is None

    def _report(self) -> None:
        pair = self._folder.current()
        if pair is None or is_placeholder(pair):
            EXPIRES.labels(self._name).set(0)
            return
        EXPIRES.labels(self._name).set(pair.expires.timestamp())
        BEGINS.labels(self._name).set(pair.begins.timestamp())
        logger.info("the certificate is valid until %s", pair.expires)


def seconds_until_next(failures: int) -> float:
    """Return the time until the next attempt. The attempts of many stacks must not coincide."""
    if failures == 0:
        return CHECK_SECONDS * jitter.uniform(0.8, 1.0)
    seconds = min(FIRST_RETRY_SECONDS << (failures - 1), LAST_RETRY_SECONDS)
    return seconds * jitter.uniform(1.0, 1.1)


def serve(service: Service, port: int = PORT) -> ThreadingHTTPServer:
    """Answer `/health` and `/metrics` in a thread."""

    class Handler(MetricsHandler):
        @override
        def do_GET(self) -> None:
            if self.path != "/health":
                super().do_GET()
                return
            self.send_response(503 if service.problem else 200)
            self.end_headers()
            self.wfile.write((service.problem or "ok").encode())

    server = ThreadingHTTPServer(("", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server
